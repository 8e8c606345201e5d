/** The state of the page. Views change it here and are notified; no view knows another. */
import type { Change, PageData, SideData } from '../../data.js';
import { Changes } from './changes.js';
import { FileTree } from './file-tree.js';
import { Searcher, type Spotlight, spotlightOn } from './search.js';

export interface Side {
  readonly data: SideData;
  readonly tree: FileTree;
  readonly searcher: Searcher;
}

export interface View {
  /** 0; in a comparison 0 before, 1 after. */
  readonly side: 0 | 1;
  /** The directory that is shown. */
  readonly folder: number;
  /** The entry that is described; without one, the directory itself. */
  readonly entry: number | undefined;
  readonly layer: number | undefined;
  readonly query: string;
  readonly colour: 'kind' | 'layer' | 'change';
  readonly shape: 'map' | 'list';
  readonly isDark: boolean;
  /** The ID of the list at the right; the first one if there is no such list. */
  readonly tab: string | undefined;
  /** The kind of change that the list of changes shows. */
  readonly change: Change;
}

type Watcher = (view: View, before: View) => void;

export class Session {
  readonly sides: readonly Side[];
  readonly changes: Changes | undefined;
  view: View;
  found: readonly number[] | undefined;
  light: Spotlight | undefined;
  private readonly watchers: Watcher[] = [];

  constructor(data: PageData, isDark: boolean) {
    this.sides = data.sides.map((side) => {
      const tree = new FileTree(side.entries);
      return { data: side, tree, searcher: new Searcher(tree) };
    });
    const [before, after] = this.sides;
    if (data.difference !== undefined && before !== undefined && after !== undefined) {
      this.changes = new Changes(data.difference, before.tree, after.tree);
    }
    this.view = {
      side: 0,
      folder: 0,
      entry: undefined,
      layer: undefined,
      query: '',
      colour: this.changes === undefined ? 'kind' : 'change',
      shape: 'map',
      isDark,
      tab: this.changes === undefined ? 'findings' : 'changes',
      change: 'gone',
    };
  }

  get side(): Side {
    return this.sides[this.view.side] as Side;
  }

  get tree(): FileTree {
    return this.side.tree;
  }

  /** The result of the comparison for an entry of the side that is shown. */
  changeOf(at: number): Change | undefined {
    return this.changes?.of[this.view.side][at];
  }

  /** Calls `watcher` after every change; watchers are called in the order of their registration. */
  watch(watcher: Watcher): void {
    this.watchers.push(watcher);
  }

  /** Calls `render` now, and after every change of one of these properties. */
  render(properties: readonly (keyof View)[], render: () => void): void {
    this.watch((view, before) => {
      if (properties.some((property) => view[property] !== before[property])) render();
    });
    render();
  }

  change(part: Partial<View>): void {
    const before = this.view;
    this.view = { ...before, ...part };
    const { side, query, layer } = this.view;
    if (side !== before.side || query !== before.query) {
      this.found = query.trim() === '' ? undefined : this.side.searcher.find(query);
    }
    if (side !== before.side || query !== before.query || layer !== before.layer) {
      this.light = spotlightOn(this.tree, layer, this.found);
    }
    for (const watcher of this.watchers) watcher(this.view, before);
  }

  open(folder: number): void {
    this.change({ folder, entry: undefined });
  }

  /** Shows an entry in its directory; a directory from inside. */
  jump(entry: number): void {
    if (this.tree.isFolder(entry)) this.open(entry);
    else this.change({ folder: this.tree.parents[entry], entry });
  }

  /** Opens the directory above; false at the root. */
  up(): boolean {
    const parent = this.tree.parents[this.view.folder] as number;
    if (parent >= 0) this.change({ folder: parent, entry: this.view.folder });
    return parent >= 0;
  }

  /** Shows the other side, in the same directory or the nearest above that it has. */
  show(side: 0 | 1, entry?: number): void {
    if (side !== this.view.side) {
      const other = (this.sides[side] as Side).tree;
      let folder = 0;
      for (const at of this.tree.lineOf(this.view.folder)) {
        const same = other.find(this.tree.pathOf(at));
        if (same === undefined || !other.isFolder(same)) break;
        folder = same;
      }
      this.change({ side, folder, entry: undefined, layer: undefined });
    }
    if (entry !== undefined) this.jump(entry);
  }
}
