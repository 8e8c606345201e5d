/**
 * The file system after each layer, compared with the one before: what came and went, which layer has what, and
 * which contents a later one hides.
 */
import { type Directory, isFile, type Leaf, type Node } from '../../filesystem/node.js';
import { MAX_OFFENDERS } from '../exceeded.js';
import { layerChanges } from './layer-changes.js';
import { UnmappableEntries } from './unmappable.js';

/** What one layer did. */
export interface AppliedLayer {
  /** Names. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Bytes of contents that it brought. */
  readonly size: number;
}

/** A file that a layer hides. */
export interface Hidden {
  /** Binary, without a slash in front. */
  readonly path: string;
  readonly size: number;
  /** What finds its content: several names may have the same. */
  readonly offset: number;
  readonly by: number;
  readonly how: 'overwritten' | 'deleted';
}

export class LayerStack {
  readonly layers: AppliedLayer[] = [];
  readonly hidden: Hidden[] = [];
  readonly unmappable = new UnmappableEntries(MAX_OFFENDERS);
  readonly #layerOf = new Map<Node, number>();
  readonly #contentLayers = new Map<number, number>();
  #root: Directory | undefined;

  /** The next layer, as the file system that it makes of the one below. Frozen. */
  add(after: Directory): void {
    const by = this.layers.length;
    let [added, changed, removed, size] = [0, 0, 0, 0];
    for (const { path, old, node, touched } of layerChanges(this.#root, after)) {
      if (node !== undefined) {
        const layer = touched || old === undefined ? by : this.layerOf(old);
        this.#layerOf.set(node, layer);
        if (touched) this.unmappable.add(path, node, by);
      }
      if (path === '' || !touched) continue;
      if (old === undefined) added++;
      else if (node === undefined) removed++;
      else changed++;
      if (isFile(node)) size += this.#brought(node, by);
      if (isFile(old) && !(isFile(node) && node.offset === old.offset)) {
        const how = node === undefined ? 'deleted' : 'overwritten';
        this.hidden.push({ path, size: old.size, offset: old.offset, by, how });
      }
    }
    this.#root = after;
    this.layers.push({ added, changed, removed, size });
  }

  /** The layer that last said what a node is. */
  layerOf(node: Node): number {
    return this.#layerOf.get(node) ?? 0;
  }

  /** The layer that has a content. */
  contentLayer(offset: number): number {
    return this.#contentLayers.get(offset) ?? 0;
  }

  #brought({ offset, size }: Leaf, by: number): number {
    if (this.#contentLayers.has(offset)) return 0;
    this.#contentLayers.set(offset, by);
    return size;
  }
}
