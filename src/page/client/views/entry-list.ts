/** Entries outside of the map: their marks, links to them, and lists of them. */
import { button, icon, make, name, sizeText, swatch } from '../elements/dom.js';
import { visible } from '../elements/format.js';
import { colourOf } from '../elements/palette.js';
import { VirtualList } from '../elements/virtual-list.js';
import type { FileTree } from '../model/file-tree.js';
import type { Session } from '../model/session.js';

const FOLDER =
  'M1.5 4a1 1 0 0 1 1-1h3.6l1.5 1.6h5.9a1 1 0 0 1 1 1v6.9a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1Z';
const MAX_LARGEST = 1000;

/** The icon of a directory, or the colour of a file in the map. */
export function entryMark(session: Session, at: number): Element {
  return session.tree.isFolder(at) ? icon(FOLDER, 'icon folder') : swatch(colourOf(session, at));
}

/** A path that leads to its entry; plain text if the side has no such entry. */
export function pathLink(session: Session, path: string): HTMLElement {
  const at = session.tree.find(path);
  const text = name(path, 'path');
  return at === undefined ? text : button({ class: 'link' }, () => session.jump(at), text);
}

/** A list of entries with name, directory and size; choosing one leads to it. */
export function entryList(
  session: Session,
  options: { id: string; label: string; empty: string; chosen?: () => void },
): VirtualList<number> {
  const list = new VirtualList<number>({
    ...options,
    rowHeight: 46,
    render: (at, row) => {
      const { tree } = session;
      fillRow(row, entryMark(session, at), tree.pathOf(at), sizeText(tree.totals[at] as number));
    },
    choose: (at) => {
      session.jump(at);
      options.chosen?.();
    },
  });
  session.render(['isDark'], () => list.paint());
  return list;
}

/** Fills a row of two lines: the name, and below it the directory or `note`. */
export function fillRow(
  row: HTMLElement,
  mark: Element,
  path: string,
  size: HTMLElement,
  note?: HTMLElement,
): void {
  const slash = path.lastIndexOf('/');
  const folder = name(path.slice(0, slash) || '/', 'path soft');
  row.title = visible(path);
  row.append(mark, make('span.two', name(path.slice(slash + 1) || '/'), note ?? folder), size);
}

export function largestPanel(session: Session): HTMLElement {
  const list = entryList(session, { id: 'largest', label: 'Largest files', empty: 'No files.' });
  session.render(['side'], () => list.show(largestOf(session.tree)));
  session.render(['colour'], () => list.paint());
  return make('div.largest', list.element);
}

function largestOf(tree: FileTree): number[] {
  const files = [...tree.sizes.keys()].filter((at) => tree.bytesOf(at) > 0);
  return tree.largestFirst(files).slice(0, MAX_LARGEST);
}
