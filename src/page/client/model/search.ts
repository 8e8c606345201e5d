/**
 * The search. Plain text is searched in names, or in paths if it has a slash; with `*`, `?` or `[` it is a
 * pattern for the whole name or path. Case is ignored.
 */
import { compileShellGlob } from '../../../text/shell-glob.js';
import type { FileTree } from './file-tree.js';

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
