/**
 * What a search finds. Plain text is looked for in names, or in paths when it has a slash; with `*`,
 * `?` or `[` it is a pattern for the whole name, or the whole path. Upper and lower case are one.
 */
import { compileShellGlob } from '../../../text/shell-glob.js';
import type { FileTree } from './file-tree.js';

export class Searcher {
  private readonly names: readonly string[];
  private paths: readonly string[] | undefined;

  constructor(private readonly tree: FileTree) {
    this.names = tree.names.map((name) => name.toLowerCase());
  }

  /** All entries that match, the closest and largest first. */
  find(query: string): number[] {
    const wanted = query.trim().toLowerCase();
    if (wanted === '') return [];
    const isPath = wanted.includes('/');
    const texts = isPath ? this.allPaths() : this.names;
    const matches = /[*?[]/.test(wanted)
      ? // A path that doesn't begin with a slash may begin anywhere.
        compileShellGlob(wanted, isPath && !wanted.startsWith('/'))
      : (text: string): boolean => text.includes(wanted);
    const found: number[] = [];
    for (let at = 1; at < texts.length; at++) if (matches(texts[at] as string)) found.push(at);
    const { totals } = this.tree;
    const rank = (at: number): number => closeness(texts[at] as string, wanted);
    const ranks = new Map(found.map((at) => [at, rank(at)]));
    return found.sort(
      (a, b) =>
        (ranks.get(a) as number) - (ranks.get(b) as number) ||
        (totals[b] as number) - (totals[a] as number) ||
        a - b,
    );
  }

  /** Made when the first slash is typed. */
  private allPaths(): readonly string[] {
    if (this.paths === undefined) {
      const paths: string[] = [''];
      for (let at = 1; at < this.tree.count; at++) {
        paths.push(`${paths[this.tree.parents[at] as number]}/${this.names[at]}`);
      }
      this.paths = paths;
    }
    return this.paths;
  }
}

/** Itself, then what begins with it, then the rest. */
function closeness(text: string, wanted: string): number {
  if (text === wanted) return 0;
  return text.startsWith(wanted) ? 1 : 2;
}
