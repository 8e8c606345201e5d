/**
 * What is looked at and how: the one thing that all views share. They change it here, and are told;
 * none of them knows another.
 */
import type { PageData, SideData } from '../../data.js';
import { Changes } from './changes.js';
import { FileTree } from './file-tree.js';
import { Searcher } from './search.js';
import { lightUp, type Spotlight } from './spotlight.js';

export interface Side {
  readonly data: SideData;
  readonly tree: FileTree;
  readonly searcher: Searcher;
}

export interface View {
  /** Of two: 0 before, 1 after. */
  readonly side: number;
  /** The directory that is shown. */
  readonly folder: number;
  /** The entry that is described; the directory itself without one. */
  readonly entry: number | undefined;
  readonly layer: number | undefined;
  readonly query: string;
  readonly colour: 'kind' | 'layer' | 'change';
  readonly shape: 'map' | 'list';
}

type Watcher = (view: View, before: View) => void;

export class Session {
  readonly sides: readonly Side[];
  readonly changes: Changes | undefined;
  view: View;
  found: readonly number[] | undefined;
  light: Spotlight | undefined;
  private readonly watchers: Watcher[] = [];

  constructor(data: PageData) {
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
    };
  }

  get side(): Side {
    return this.sides[this.view.side] as Side;
  }

  get tree(): FileTree {
    return this.side.tree;
  }

  /** Called after every change, in the order in which they asked. */
  watch(watcher: Watcher): void {
    this.watchers.push(watcher);
  }

  change(part: Partial<View>): void {
    const before = this.view;
    this.view = { ...before, ...part };
    const { side, query, layer } = this.view;
    if (side !== before.side || query !== before.query) {
      this.found = query.trim() === '' ? undefined : this.side.searcher.find(query);
    }
    if (side !== before.side || query !== before.query || layer !== before.layer) {
      this.light = lightUp(this.tree, layer, this.found);
    }
    for (const watcher of this.watchers) watcher(this.view, before);
  }

  open(folder: number): void {
    this.change({ folder, entry: undefined });
  }

  /** Shows an entry where it is; a directory from inside. */
  jump(entry: number): void {
    if (this.tree.isFolder(entry)) this.open(entry);
    else this.change({ folder: this.tree.parentOf(entry) ?? 0, entry });
  }

  /** Whether there was anything above. */
  up(): boolean {
    const parent = this.tree.parentOf(this.view.folder);
    if (parent !== undefined) this.change({ folder: parent, entry: this.view.folder });
    return parent !== undefined;
  }

  /** The other side, at the same place as far as it has it. */
  show(side: number, entry?: number): void {
    if (side === this.view.side && entry === undefined) return;
    if (side !== this.view.side) {
      const there = (this.sides[side] as Side).tree;
      let folder = 0;
      for (const at of this.tree.lineOf(this.view.folder)) {
        const same = there.find(this.tree.pathOf(at));
        if (same === undefined || !there.isFolder(same)) break;
        folder = same;
      }
      this.change({ side, folder, entry: undefined, layer: undefined });
    }
    if (entry !== undefined) this.jump(entry);
  }
}
