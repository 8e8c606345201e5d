/** The entries that are highlighted: those of a layer, those that a search has found. */
import type { FileTree } from './file-tree.js';

export interface Spotlight {
  readonly files: number;
  readonly bytes: number;
  /** Whether any entry from `at` up to `end` is highlighted. */
  reaches(at: number, end: number): boolean;
}

/** Highlights the entries that meet all given conditions; a found directory includes what it contains. */
export function spotlightOn(
  tree: FileTree,
  layer: number | undefined,
  found: readonly number[] | undefined,
): Spotlight | undefined {
  if (layer === undefined && found === undefined) return undefined;
  const lit = new Uint8Array(tree.count);
  if (found === undefined) lit.fill(1);
  for (const at of found ?? []) lit.fill(1, at, tree.ends[at]);
  // For each entry, how many highlighted entries precede it.
  const preceding = new Int32Array(tree.count + 1);
  let [count, files, bytes] = [0, 0, 0];
  for (let at = 0; at < tree.count; at++) {
    preceding[at] = count;
    if (!lit[at] || (layer !== undefined && tree.layers[at] !== layer)) continue;
    count++;
    if (tree.isFolder(at)) continue;
    if (tree.kindOf(at) === 'f') files++;
    if (!tree.firsts.has(at)) bytes += tree.sizes[at] as number;
  }
  preceding[tree.count] = count;
  return { files, bytes, reaches: (at, end) => preceding[end] !== preceding[at] };
}
