/**
 * Owners that an engine in a user namespace of 65,536 ids can't map: it fails in lchown when it unpacks the layer
 * (subuid(5), user_namespaces(7)). An entry that a later layer hides or changes is unpacked all the same.
 */
import type { Attributes } from '../../filesystem/node.js';
import { readablePath } from './readable-name.js';

/** The largest id that such an engine maps. */
const MAX_MAPPED_ID = 65_535;

/** An entry of a layer whose owner can't be mapped. */
export interface UnmappableEntry {
  /** Absolute. */
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** The index of the layer that has it. */
  readonly layer: number;
}

/** The first entries, in the order of the layers, and how many there are. */
export class UnmappableEntries {
  readonly first: UnmappableEntry[] = [];
  #count = 0;

  /** @param most how many are kept */
  constructor(private readonly most: number) {}

  get count(): number {
    return this.#count;
  }

  /** @param path binary, without a slash in front */
  add(path: string, { uid, gid }: Attributes, layer: number): void {
    if (uid <= MAX_MAPPED_ID && gid <= MAX_MAPPED_ID) return;
    this.#count++;
    if (this.first.length < this.most)
      this.first.push({ path: `/${readablePath(path)}`, uid, gid, layer });
  }
}
