/** What a directory holds, as a list: the map for whoever prefers to read, and for what has no size. */
import { formatBytes } from '../../../text/format.js';
import { shareOf, spoken } from '../elements/format.js';
import { bar, icon, make, name, swatch } from '../elements/dom.js';
import { colourOf, paletteFor } from '../elements/palette.js';
import type { Session } from '../model/session.js';
import type { Theme } from '../theme.js';
import { VirtualList } from '../elements/virtual-list.js';

export const FOLDER =
  'M1.5 4a1 1 0 0 1 1-1h3.6l1.5 1.6h5.9a1 1 0 0 1 1 1v6.9a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1Z';

export class FolderList {
  private readonly list: VirtualList<number>;

  constructor(
    private readonly session: Session,
    private readonly theme: Theme,
  ) {
    this.list = new VirtualList<number>({
      id: 'folder-list',
      label: 'What the directory holds',
      rowHeight: 34,
      render: (at, row) => this.render(at, row),
      choose: (at) => {
        if (session.tree.isFolder(at)) session.open(at);
        else session.change({ entry: at });
      },
      empty: 'This directory is empty.',
    });
    this.list.element.addEventListener('keydown', (event) => {
      const isUp = ['Backspace', 'Escape', 'ArrowLeft'].includes(event.key);
      if (isUp && session.up()) event.preventDefault();
      if (event.key === 'ArrowRight') this.list.key('Enter');
    });
    theme.watch(() => this.list.refresh());
    session.watch((view, before) => {
      if (view.folder !== before.folder || view.side !== before.side) this.show();
      else this.list.refresh();
    });
    this.show();
  }

  get element(): HTMLElement {
    return this.list.element;
  }

  private show(): void {
    const { tree, view } = this.session;
    const children = tree.childrenOf(view.folder);
    this.list.show(children, view.entry === undefined ? -1 : children.indexOf(view.entry));
  }

  private render(at: number, row: HTMLElement): void {
    const { session } = this;
    const { tree, view, light } = session;
    const whole = tree.totals[view.folder] as number;
    const total = tree.totals[at] as number;
    const isLit = light === undefined || light.reaches(at, tree.ends[at] as number);
    row.classList.toggle('dimmed', !isLit);
    row.setAttribute('aria-label', spoken(tree, at, whole));
    row.append(
      tree.isFolder(at)
        ? icon(FOLDER, 'icon folder')
        : swatch(colourOf(session, at, paletteFor(this.theme.isDark))),
      name(tree.names[at] as string),
      bar(whole > 0 ? total / whole : 0),
      make('span', { class: 'share' }, shareOf(total, whole)),
      make('span', { class: 'size' }, formatBytes(total)),
    );
  }
}
