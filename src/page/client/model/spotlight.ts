/** Which entries are in the light: those of a layer, those that a search has found. */
import type { FileTree } from './file-tree.js';

export class Spotlight {
  readonly files: number;
  readonly bytes: number;
  /** How many entries in the light are in front of each. */
  private readonly before: Int32Array;

  constructor(
    tree: FileTree,
    private readonly lit: Uint8Array,
  ) {
    this.before = new Int32Array(tree.count + 1);
    let [count, files, bytes] = [0, 0, 0];
    for (let at = 0; at < tree.count; at++) {
      this.before[at] = count;
      if (!lit[at]) continue;
      count++;
      if (tree.isFolder(at)) continue;
      if (tree.kindOf(at) === 'f') files++;
      if (tree.firstOf(at) === undefined) bytes += tree.sizes[at] as number;
    }
    this.before[tree.count] = count;
    this.files = files;
    this.bytes = bytes;
  }

  has(at: number): boolean {
    return this.lit[at] === 1;
  }

  /** Whether anything at or below an entry is in it. */
  reaches(at: number, end: number): boolean {
    return this.before[end] !== this.before[at];
  }
}

/** What is in all of the given; a match of a search lights what is below it, too. */
export function lightUp(
  tree: FileTree,
  layer: number | undefined,
  found: readonly number[] | undefined,
): Spotlight | undefined {
  if (layer === undefined && found === undefined) return undefined;
  const lit = new Uint8Array(tree.count);
  if (found === undefined) lit.fill(1);
  for (const at of found ?? []) lit.fill(1, at, tree.ends[at]);
  if (layer !== undefined) {
    for (let at = 0; at < tree.count; at++) if (tree.layers[at] !== layer) lit[at] = 0;
  }
  return new Spotlight(tree, lit);
}
