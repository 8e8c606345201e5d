/** What is shown below a directory, and what is folded. */
import type { Entry } from '../entry.js';

/** An entry under the names that were joined to reach it, or so many that are folded into one line. */
export type Row =
  | { readonly name: string; readonly entry: Entry }
  | {
      readonly entry: undefined;
      readonly above: Entry;
      readonly count: number;
      readonly bytes: number;
    };

/** Of the whole: what has less is small. */
const SMALL = 0.01;
/** So few entries are shown, however small they are. */
const FEW = 24;

/** The largest first, then by name; with `all`, nothing is folded. */
export function rowsBelow(directory: Entry, root: Entry, all: boolean): readonly Row[] {
  const sorted = [...(directory.children?.values() ?? [])].sort((a, b) => b.total - a.total);
  const least = Math.max(root.total * SMALL, 1);
  const large = all ? sorted : sorted.filter(({ total }) => total >= least);
  const count = sorted.length - large.length;
  // One alone takes a line in any case.
  if (count <= 1) return sorted.map(joined);
  // A line that says of all that it is small says nothing that the directory's own doesn't.
  if (large.length === 0 && directory !== root) return [];
  const bytes = sorted.slice(large.length).reduce((sum, { total }) => sum + total, 0);
  return [...large.map(joined), { entry: undefined, above: directory, count, bytes }];
}

/** `usr/lib/x86_64-linux-gnu`, where each holds the next and nothing else. */
function joined(entry: Entry): Row {
  let [here, name] = [entry, entry.name];
  while (here.children?.size === 1) {
    here = [...here.children.values()][0] as Entry;
    name += `/${here.name}`;
  }
  return { name, entry: here };
}

/** Whether a tree is so small that nothing in it has to be folded. */
export function hasFew(root: Entry): boolean {
  let [count, level] = [0, [root]];
  while (level.length > 0 && count <= FEW) {
    level = level.flatMap(({ children }) => [...(children?.values() ?? [])]);
    count += level.length;
  }
  return count <= FEW;
}
