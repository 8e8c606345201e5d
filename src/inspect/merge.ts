/**
 * Layers upon each other: the file system that they make, and what each changed of the one below it
 * (OCI image-spec, layer.md, "Applying Changesets").
 */
import type { ContentSink } from '../filesystem/content-sink.js';
import type { Directory, Node } from '../filesystem/node.js';
import { Tree } from '../filesystem/tree.js';
import { Unpacker } from '../filesystem/unpack.js';
import type { Content } from './content.js';
import { layerChanges } from './layer-changes.js';
import type { RecordedLayer } from './record-layer.js';

/** What one layer did. */
export interface AppliedLayer {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
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

/** All layers together. */
export interface Merged {
  readonly root: Directory;
  readonly layers: readonly AppliedLayer[];
  /** Which layer a node is from. */
  readonly layerOf: ReadonlyMap<Node, number>;
  /** Contents by a node's `offset`, and the layer that has each. */
  readonly contents: readonly { readonly content: Content | undefined; readonly layer: number }[];
  readonly hidden: readonly Hidden[];
}

/** Puts layers upon each other. */
export class Merge {
  readonly #tree = new Tree();
  readonly #contents: { readonly content: Content | undefined; readonly layer: number }[] = [];
  readonly #layers: AppliedLayer[] = [];
  readonly #layerOf = new Map<Node, number>();
  readonly #hidden: Hidden[] = [];

  /**
   * Applies the next layer.
   * @param whiteouts whether names that start with `.wh.` take away; in a context they are names
   * @throws DockerceptionError of kind context: TAR_LINK, BUILD_LINKS, BUILD_NOT_A_DIRECTORY
   */
  add(layer: RecordedLayer, name: string, whiteouts: boolean): void {
    const index = this.#layers.length;
    const base = this.#contents.length;
    for (const content of layer.contents) this.#contents.push({ content, layer: index });
    let next = 0;
    const replay: ContentSink = { begin: () => next, append: () => undefined };
    const before = this.#tree.freeze();
    const unpacker = new Unpacker({ tree: this.#tree, contents: replay, name, whiteouts });
    for (const entry of layer.entries) {
      next = base + entry.content;
      unpacker.entry(entry);
    }
    this.#compare(index === 0 ? undefined : before, this.#tree.freeze(), index);
  }

  end(): Merged {
    const root = this.#tree.freeze();
    const layers = this.#layers;
    return {
      root,
      layers,
      layerOf: this.#layerOf,
      contents: this.#contents,
      hidden: this.#hidden,
    };
  }

  #compare(before: Directory | undefined, after: Directory, by: number): void {
    let [added, changed, removed] = [0, 0, 0];
    for (const { path, old, node, touched } of layerChanges(before, after)) {
      if (node !== undefined)
        this.#layerOf.set(node, touched || old === undefined ? by : (this.#layerOf.get(old) ?? 0));
      if (path === '' || !touched) continue;
      if (old === undefined) added++;
      else if (node === undefined) removed++;
      else changed++;
      if (old === undefined || !('offset' in old) || old.offset < 0) continue;
      const isSame = node !== undefined && 'offset' in node && node.offset === old.offset;
      if (isSame) continue;
      const how = node === undefined ? 'deleted' : 'overwritten';
      this.#hidden.push({ path, size: old.size, offset: old.offset, by, how });
    }
    this.#layers.push({ added, changed, removed });
  }
}
