/** A list of entries from anywhere: name, where it is, size. Choosing one leads to it. */
import { formatBytes } from '../../../text/format.js';
import { icon, make, name, swatch } from '../elements/dom.js';
import { FOLDER } from './folder-list.js';
import { colourOf, paletteFor } from '../elements/palette.js';
import type { Session } from '../model/session.js';
import type { Theme } from '../theme.js';
import { VirtualList } from '../elements/virtual-list.js';
import { visible } from '../elements/format.js';
import type { FileTree } from '../model/file-tree.js';

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

const MOST = 1000;

export function largestPanel(session: Session, theme: Theme): HTMLElement {
  const list = entryList(session, theme, {
    id: 'largest',
    label: 'Largest files',
    empty: 'There are no files.',
  });
  session.watch((view, before) => {
    if (view.side !== before.side) list.show(largestOf(session.tree));
    else if (view.colour !== before.colour) list.refresh();
  });
  list.show(largestOf(session.tree));
  return make('div', { class: 'largest' }, list.element);
}

function largestOf({ count, sizes, totals }: FileTree): number[] {
  const files: number[] = [];
  for (let at = 0; at < count; at++) if ((sizes[at] as number) > 0) files.push(at);
  return files
    .sort((a, b) => (totals[b] as number) - (totals[a] as number) || a - b)
    .slice(0, MOST);
}
