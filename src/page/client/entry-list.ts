/** A list of entries from anywhere: name, where it is, size. Choosing one leads to it. */
import { formatBytes } from '../../text/format.js';
import { icon, make, name, swatch } from './dom.js';
import { FOLDER } from './folder-list.js';
import { colourOf, paletteFor } from './palette.js';
import type { Session } from './session.js';
import type { Theme } from './theme.js';
import { VirtualList } from './virtual-list.js';
import { visible } from './visible.js';

export interface EntryListOptions {
  readonly id: string;
  readonly label: string;
  readonly empty: string;
  readonly chosen?: () => void;
}

export function entryList(
  session: Session,
  theme: Theme,
  { id, label, empty, chosen }: EntryListOptions,
): VirtualList<number> {
  const list = new VirtualList<number>({
    id,
    label,
    empty,
    rowHeight: 46,
    render: (at, row) => {
      const { tree } = session;
      const path = tree.pathOf(at);
      const mark = tree.isFolder(at)
        ? icon(FOLDER, 'icon folder')
        : swatch(colourOf(session, at, paletteFor(theme.isDark)));
      fillRow(row, mark, path, formatBytes(tree.totals[at] as number));
    },
    choose: (at) => {
      session.jump(at);
      chosen?.();
    },
  });
  theme.watch(() => list.refresh());
  return list;
}

/** A row of two lines: the name, and below it where that is. */
export function fillRow(row: HTMLElement, mark: Element, path: string, size: string): void {
  const slash = path.lastIndexOf('/');
  const where = path.slice(0, slash) || '/';
  row.title = visible(path);
  row.append(
    mark,
    make('span', { class: 'two' }, name(path.slice(slash + 1) || '/'), name(where, 'path soft')),
    make('span', { class: 'size' }, size),
  );
}
