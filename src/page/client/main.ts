/** Assembles the page from the data in it. */
import type { PageData } from '../data.js';
import { followAddress } from './address.js';
import { make } from './elements/dom.js';
import { type Tab, tabsOf } from './elements/tabs.js';
import { Session } from './model/session.js';
import { centre } from './views/centre.js';
import { changesPanel } from './views/changes-panel.js';
import { largestPanel } from './views/entry-list.js';
import { findingsCount, findingsPanel } from './views/findings-panel.js';
import { comparison, subject, themeToggle } from './views/header.js';
import { layersView } from './views/layers.js';
import { searchBox } from './views/search-box.js';
import { wastePanel } from './views/waste-panel.js';

const source = document.getElementById('data') as HTMLElement;
const data = JSON.parse(source.textContent) as PageData;
// Frees memory: the text is as large as everything else.
source.remove();

const darkSystem = matchMedia('(prefers-color-scheme: dark)');
const session = new Session(data, darkSystem.matches);
const { changes } = session;

const panels: Tab[] = [
  { id: 'findings', label: ['Findings ', findingsCount(session)], panel: findingsPanel(session) },
  { id: 'largest', label: ['Largest'], panel: largestPanel(session) },
  { id: 'waste', label: ['Waste'], panel: wastePanel(session) },
];
if (changes !== undefined) {
  panels.unshift({ id: 'changes', label: ['Changes'], panel: changesPanel(session, changes) });
}

const top = make(
  'header.top',
  subject(session),
  searchBox(session),
  themeToggle(session, darkSystem),
);
const lists = make(
  'aside.panels',
  { 'aria-label': 'Findings and lists' },
  tabsOf(session, 'tab', 'Lists', panels),
);
const comparisons = changes === undefined ? [] : [comparison(session, changes.data)];
const columns = make('div.columns', layersView(session), centre(session), lists);
document.body.append(top, ...comparisons, columns);
followAddress(session);
