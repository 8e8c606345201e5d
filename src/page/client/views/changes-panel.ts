/** What went away, what stayed, what is new: a list for each, the largest first. */
import { formatBytes } from '../../../text/format.js';
import { ALL_CHANGES, type ChangedEntry, type Changes, sizeOf } from '../model/changes.js';
import { make, name, swatch } from '../elements/dom.js';
import { fillRow } from './entry-list.js';
import { paletteFor } from '../elements/palette.js';
import type { Session } from '../model/session.js';
import { tabsOf } from '../elements/tabs.js';
import type { Theme } from '../theme.js';
import { VirtualList } from '../elements/virtual-list.js';

export function changesPanel(session: Session, theme: Theme, changes: Changes): HTMLElement {
  const tabs = ALL_CHANGES.map((how) => {
    const { entries, bytes } = changes.groups[how];
    const list = new VirtualList<ChangedEntry>({
      id: `changes-${how}`,
      label: `Files that are ${how}`,
      empty: `Nothing ${how === 'gone' || how === 'new' ? 'is' : 'has'} ${how}.`,
      rowHeight: 46,
      render: (entry, row) => render(session, theme, entry, row),
      choose: ({ old, now }) => (now >= 0 ? session.show(1, now) : session.show(0, old)),
    });
    list.show(entries);
    theme.watch(() => list.refresh());
    const count = make('b', {}, entries.length.toLocaleString('en'));
    return {
      id: how,
      label: [make('span', {}, how), count, make('small', {}, formatBytes(bytes))],
      panel: make('div', { class: 'change' }, list.element),
    };
  });
  return make('div', { class: 'changes' }, tabsOf('Kinds of change', tabs, 'tabs small').element);
}

function render(session: Session, theme: Theme, entry: ChangedEntry, row: HTMLElement): void {
  const { how, old, now, sizeBefore, sizeAfter } = entry;
  const [before, after] = session.sides;
  const path = now >= 0 ? after?.tree.pathOf(now) : before?.tree.pathOf(old);
  const size =
    how === 'changed' && sizeBefore !== sizeAfter
      ? `${formatBytes(sizeBefore)} → ${formatBytes(sizeAfter)}`
      : formatBytes(sizeOf(entry));
  fillRow(row, swatch(paletteFor(theme.isDark).ofChange(how)), path ?? '', size);
  if (how !== 'moved' || old < 0) return;
  const where = row.querySelector('.path.soft');
  const from = name(before?.tree.pathOf(old) ?? '', 'path soft');
  from.prepend('from ');
  where?.replaceWith(from);
}
