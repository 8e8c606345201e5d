/** The entries that a search finds, and those that are highlighted. */
import { compileShellGlob } from '../../../text/shell-glob.js';
import type { FileTree } from './file-tree.js';

/**
 * Searches a plain text in names, or in paths if it has a slash; with `*`, `?` or `[` it is a pattern for the whole
 * name or path. Case is ignored.
 */
export class Searcher {
  private readonly names: readonly string[];
  private paths: string[] | undefined;

  constructor(private readonly tree: FileTree) {
    this.names = tree.names.map((name) => name.toLowerCase());
  }

  /** All matching entries: exact names first, then names that start with the query, the largest first. */
  find(query: string): number[] {
    const wanted = query.trim().toLowerCase();
    if (wanted === '') return [];
    const isPath = wanted.includes('/');
    const texts = isPath ? (this.paths ??= this.allPaths()) : this.names;
    const matches = /[*?[]/.test(wanted)
      ? // A path without a leading slash may start in any directory.
        compileShellGlob(wanted, isPath && !wanted.startsWith('/'))
      : (text: string): boolean => text.includes(wanted);
    const ranks: number[][] = [[], [], []];
    for (let at = 1; at < texts.length; at++) {
      const text = texts[at] as string;
      if (matches(text)) ranks[text === wanted ? 0 : text.startsWith(wanted) ? 1 : 2]?.push(at);
    }
    return ranks.flatMap((entries) => this.tree.largestFirst(entries));
  }

  private allPaths(): string[] {
    const paths = [''];
    for (let at = 1; at < this.tree.count; at++) {
      paths.push(`${paths[this.tree.parents[at] as number]}/${this.names[at]}`);
    }
    return paths;
  }
}

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
    bytes += tree.bytesOf(at);
  }
  preceding[tree.count] = count;
  return { files, bytes, reaches: (at, end) => preceding[end] !== preceding[at] };
}
