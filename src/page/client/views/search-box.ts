/** The search: matches are highlighted in the map, and listed below the box (a combobox). */
import { formatBytes } from '../../../text/format.js';
import { icon, make } from '../elements/dom.js';
import { countOf } from '../elements/format.js';
import type { Session } from '../model/session.js';
import { entryList } from './entry-list.js';

const LENS = 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.3 10.3 14 14';
/** Milliseconds from the last key to the search. */
const DELAY = 60;

export function searchBox(session: Session): HTMLElement {
  const input = make('input', {
    type: 'search',
    id: 'search',
    placeholder: 'Search: name, /path or *.so',
    role: 'combobox',
    'aria-label': 'Search names and paths',
    'aria-expanded': 'false',
    'aria-controls': 'found',
    'aria-autocomplete': 'list',
    'aria-keyshortcuts': '/',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const list = entryList(session, {
    id: 'found',
    label: 'Found',
    empty: 'No matches.',
    chosen: () => open(false),
  });
  list.element.tabIndex = -1;
  const count = make('p.count', { role: 'status' });
  const popup = make('div.popup', { hidden: true }, count, list.element);
  const open = (isOpen: boolean): void => {
    popup.hidden = !isOpen;
    input.setAttribute('aria-expanded', String(isOpen));
    if (!isOpen) input.removeAttribute('aria-activedescendant');
  };
  const search = (): void => {
    window.clearTimeout(timer);
    if (input.value !== session.view.query) session.change({ query: input.value });
    open(session.found !== undefined);
  };
  let timer = 0;
  input.addEventListener('input', () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(search, DELAY);
  });
  input.addEventListener('focus', () => open(session.found !== undefined));
  input.addEventListener('keydown', (event) => {
    const { key } = event;
    if (key === 'Escape') {
      if (popup.hidden) input.value = '';
      open(false);
      search();
      open(false);
    } else if (['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Enter'].includes(key)) {
      search();
      if (key === 'Enter' && list.active === undefined) list.key('ArrowDown');
      list.key(key);
      if (list.active !== undefined && !popup.hidden) {
        input.setAttribute('aria-activedescendant', list.active);
      }
    } else return;
    event.preventDefault();
  });
  session.watch((view, before) => {
    if (view.query === before.query && view.side === before.side) return;
    if (input.value !== view.query) input.value = view.query;
    const found = session.found ?? [];
    list.show(found);
    const bytes = session.light?.bytes ?? 0;
    const matches = `${countOf(found.length, 'match', 'matches')}, ${formatBytes(bytes)}`;
    count.textContent = found.length === 0 ? '' : matches;
  });
  const key = make('kbd', { 'aria-hidden': 'true' }, '/');
  const element = make('search.search', icon(LENS), input, key, popup);
  element.addEventListener('focusout', (event) => {
    if (!element.contains(event.relatedTarget as Node | null)) open(false);
  });
  addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  return element;
}
