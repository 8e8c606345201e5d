/** Compares the file system after each layer with the one before. */
import {
  type Directory,
  isDirectory,
  isFile,
  type Leaf,
  type Node,
  sameAttributes,
} from '../../filesystem/node.js';
import { type HiddenFile, MAX_LISTED, type UnmappableEntry } from '../facts.js';
import { readablePath } from './readable-name.js';

export interface LayerStatistics {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Bytes of new contents. */
  readonly size: number;
}

/** The largest ID in a user namespace of 65,536 IDs (subuid(5), user_namespaces(7)). */
const MAX_MAPPED_ID = 65_535;

export class LayerStack {
  readonly layers: LayerStatistics[] = [];
  /** Files that a layer overwrites or deletes, by their offset. Another name may still have the content. */
  readonly hidden = new Map<number, HiddenFile>();
  /** Includes entries that a later layer hides or changes, which are unpacked as well. */
  readonly unmappable = { first: [] as UnmappableEntry[], count: 0 };
  /** Of nodes in layers above the lowest. */
  readonly #layerOf = new Map<Node, number>();
  readonly #contentLayers = new Map<number, number>();
  #root: Directory | undefined;

  /** @param after the frozen file system with the next layer */
  add(after: Directory): void {
    const by = this.layers.length;
    let [added, changed, removed, size] = [0, 0, 0, 0];
    for (const { path, old, node, touched } of layerChanges(this.#root, after)) {
      if (node !== undefined) {
        const layer = touched || old === undefined ? by : this.layerOf(old);
        if (layer > 0) this.#layerOf.set(node, layer);
        if (touched) this.#checkOwner(path, node, by);
      }
      if (path === '' || !touched) continue;
      if (old === undefined) added++;
      else if (node === undefined) removed++;
      else changed++;
      if (isFile(node)) size += this.#newBytes(node, by);
      if (!isFile(old) || old.size === 0 || this.hidden.has(old.offset)) continue;
      if (isFile(node) && node.offset === old.offset) continue;
      this.hidden.set(old.offset, {
        path: `/${readablePath(path)}`,
        size: old.size,
        layer: this.#contentLayers.get(old.offset) ?? 0,
        by,
        how: node === undefined ? 'deleted' : 'overwritten',
      });
    }
    this.#root = after;
    this.layers.push({ added, changed, removed, size });
  }

  /** The last layer with an entry for a node. */
  layerOf(node: Node): number {
    return this.#layerOf.get(node) ?? 0;
  }

  #newBytes({ offset, size }: Leaf, by: number): number {
    if (this.#contentLayers.has(offset)) return 0;
    this.#contentLayers.set(offset, by);
    return size;
  }

  /** @param path binary, without a leading slash */
  #checkOwner(path: string, { uid, gid }: Node, layer: number): void {
    if (uid <= MAX_MAPPED_ID && gid <= MAX_MAPPED_ID) return;
    this.unmappable.count++;
    if (this.unmappable.first.length < MAX_LISTED)
      this.unmappable.first.push({ path: `/${readablePath(path)}`, uid, gid, layer });
  }
}

interface NodeChange {
  /** Binary, without a leading slash; empty for the root. */
  readonly path: string;
  readonly old: Node | undefined;
  readonly node: Node | undefined;
  /** False for a directory of which only descendants changed. */
  readonly touched: boolean;
}

/** Compares by reference, since trees share unchanged nodes. Includes the descendants of a removed directory. */
function* layerChanges(before: Directory | undefined, after: Directory): Generator<NodeChange> {
  const pending: { path: string; old: Node | undefined; node: Node | undefined }[] = [
    { path: '', old: before, node: after },
  ];
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const { path, old, node } = pair;
    if (old === node) continue;
    const [was, is] = [isDirectory(old) ? old : undefined, isDirectory(node) ? node : undefined];
    const touched = was === undefined || is === undefined || !sameAttributes(was, is);
    yield { path, old, node, touched };
    const prefix = path === '' ? '' : `${path}/`;
    for (const [name, child] of is?.children ?? []) {
      const oldChild = was?.children.get(name);
      if (oldChild !== child) pending.push({ path: prefix + name, old: oldChild, node: child });
    }
    for (const [name, child] of was?.children ?? [])
      if (is?.children.has(name) !== true)
        pending.push({ path: prefix + name, old: child, node: undefined });
  }
}
