/** The contents of the directory as a list: an alternative to the map that also shows empty files. */
import { bar, make, name, sizeText } from '../elements/dom.js';
import { shareOf, spoken } from '../elements/format.js';
import { VirtualList } from '../elements/virtual-list.js';
import type { Session } from '../model/session.js';
import { entryMark } from './entry-list.js';

export function folderList(session: Session): HTMLElement {
  const list = new VirtualList<number>({
    id: 'folder-list',
    label: 'What the directory holds',
    rowHeight: 34,
    render: (at, row) => render(session, at, row),
    choose: (at) => session.choose(at),
    empty: 'This directory is empty.',
  });
  list.element.addEventListener('keydown', (event) => {
    const isUp = ['Backspace', 'Escape', 'ArrowLeft'].includes(event.key);
    if (isUp && session.up()) event.preventDefault();
    if (event.key === 'ArrowRight') list.key('Enter');
  });
  session.render(['folder', 'side'], () => {
    const { tree, view } = session;
    const children = tree.childrenOf(view.folder);
    list.show(children, view.entry === undefined ? -1 : children.indexOf(view.entry));
  });
  session.watch(() => list.paint());
  return list.element;
}

function render(session: Session, at: number, row: HTMLElement): void {
  const { tree, view, light } = session;
  const whole = tree.totals[view.folder] as number;
  const total = tree.totals[at] as number;
  const isLit = light === undefined || light.reaches(at, tree.ends[at] as number);
  row.classList.toggle('dimmed', !isLit);
  row.setAttribute('aria-label', spoken(tree, at, whole));
  row.append(
    entryMark(session, at),
    name(tree.names[at] as string),
    bar(whole > 0 ? total / whole : 0),
    make('span', { class: 'share' }, shareOf(total, whole)),
    sizeText(total),
  );
}
