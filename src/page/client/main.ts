/** Puts the page together from what is in it. */
import type { PageData } from '../data.js';
import { centre } from './views/centre.js';
import { changesPanel } from './views/changes-panel.js';
import { comparisonBar, subject } from './views/header.js';
import { make } from './elements/dom.js';
import { findingsPanel } from './views/findings-panel.js';
import { largestPanel } from './views/entry-list.js';
import { layersSide } from './views/layers.js';
import { searchBox } from './views/search-box.js';
import { Session } from './model/session.js';
import { type Tab, tabsOf } from './elements/tabs.js';
import { Theme } from './theme.js';
import { wastePanel } from './views/waste-panel.js';

const source = document.getElementById('data') as HTMLElement;
const data = JSON.parse(source.textContent) as PageData;
// The text is as large as all the rest.
source.remove();

const session = new Session(data);
const theme = new Theme();
const { changes } = session;

const panels: Tab[] = [
  { id: 'findings', label: ['Findings ', findingsCount()], panel: findingsPanel(session) },
  { id: 'largest', label: ['Largest'], panel: largestPanel(session, theme) },
  { id: 'waste', label: ['Waste'], panel: wastePanel(session) },
];
if (changes !== undefined) {
  panels.unshift({
    id: 'changes',
    label: ['Changes'],
    panel: changesPanel(session, theme, changes),
  });
}

document.body.append(
  make('header', { class: 'top' }, subject(session), searchBox(session, theme), theme.toggle()),
  ...(changes === undefined ? [] : [comparisonBar(session, changes.data)]),
  make(
    'div',
    { class: 'columns' },
    layersSide(session, theme),
    centre(session, theme),
    make(
      'aside',
      { class: 'panels', 'aria-label': 'Findings and lists' },
      tabsOf('Lists', panels).element,
    ),
  ),
);

function findingsCount(): HTMLElement {
  const count = make('b', {});
  const show = (): void => {
    const { findings } = session.side.data;
    count.textContent = String(findings.length);
    count.className = findings[0]?.severity ?? 'none';
  };
  session.watch(show);
  show();
  return count;
}
