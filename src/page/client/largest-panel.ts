/** The largest files. */
import { make } from './dom.js';
import { entryList } from './entry-list.js';
import type { FileTree } from './file-tree.js';
import type { Session } from './session.js';
import type { Theme } from './theme.js';

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
