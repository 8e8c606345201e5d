/** The changes of a comparison: a list for each kind, the largest first. */
import { formatBytes } from '../../../text/format.js';
import { CHANGES } from '../../data.js';
import { make, name, swatch } from '../elements/dom.js';
import { Palette } from '../elements/palette.js';
import { tabsOf } from '../elements/tabs.js';
import { VirtualList } from '../elements/virtual-list.js';
import { type ChangedEntry, type Changes, sizeOf } from '../model/changes.js';
import type { Session } from '../model/session.js';
import { fillRow } from './entry-list.js';

export function changesPanel(session: Session, changes: Changes): HTMLElement {
  const tabs = CHANGES.map((how) => {
    const entries = changes.entries[how];
    const list = new VirtualList<ChangedEntry>({
      id: `changes-${how}`,
      label: `Files that are ${how}`,
      empty: `Nothing ${how === 'gone' || how === 'new' ? 'is' : 'has'} ${how}.`,
      rowHeight: 46,
      render: (entry, row) => render(session, entry, row),
      choose: ({ old, now }) => (now >= 0 ? session.show(1, now) : session.show(0, old)),
    });
    list.show(entries);
    session.render(['isDark'], () => list.paint());
    const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
    const count = make('b', entries.length.toLocaleString('en'));
    return {
      id: how,
      label: [make('span', how), count, make('small', formatBytes(bytes))],
      panel: make('div.change', list.element),
    };
  });
  return make('div.changes', tabsOf(session, 'change', 'Kinds of change', tabs, 'div.tabs.small'));
}

function render({ sides, view }: Session, entry: ChangedEntry, row: HTMLElement): void {
  const { how, old, now, sizeBefore, sizeAfter } = entry;
  const oldPath = old >= 0 ? sides[0]?.tree.pathOf(old) : undefined;
  const path = now >= 0 ? sides[1]?.tree.pathOf(now) : oldPath;
  const size =
    how === 'changed' && sizeBefore !== sizeAfter
      ? `${formatBytes(sizeBefore)} → ${formatBytes(sizeAfter)}`
      : formatBytes(sizeOf(entry));
  const from = how === 'moved' && oldPath !== undefined ? name(oldPath, 'path soft') : undefined;
  from?.prepend('from ');
  const mark = swatch(new Palette(view.isDark).ofChange(how));
  fillRow(row, mark, path ?? '', make('span.size', size), from);
}
