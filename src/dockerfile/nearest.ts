/** Names that somebody may have meant: the fewest letters to change, first. */
import { distance } from './suggest.js';

const MANY = 1000;
const MOST = 10_000;
/** Characters of a name that are compared: whoever mistypes a longer one finds it all the same. */
const COMPARED = 64;

/** The `count` nearest of `names`, by edit distance (Levenshtein), then by name. */
export function nearest(wanted: string, names: readonly string[], count = 3): string[] {
  const lower = wanted.slice(0, COMPARED).toLowerCase();
  // A long list is narrowed first: the distance costs the product of the lengths.
  const candidates = names.filter(
    (name) => names.length <= MANY || name.toLowerCase().startsWith(lower.slice(0, 1)),
  );
  return candidates
    .slice(0, MOST)
    .map((name) => ({ name, far: distance(lower, name.slice(0, COMPARED).toLowerCase()) }))
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}
