/** Suggestions for a misspelt name, by edit distance (Levenshtein). */

/** A longer list of names is narrowed to those with the same first letter. */
const MAX_UNFILTERED = 1000;
const MAX_CANDIDATES = 10_000;
/** Characters of a name that are compared. */
const MAX_COMPARED = 64;

/** The message, with `(did you mean …?)` if {@link nearest} finds a name, as BuildKit's util/suggest words it. */
export function suggest(
  message: string,
  value: string,
  options: readonly string[],
  caseSensitive: boolean,
): string {
  const found = nearest(value, options, caseSensitive);
  return found === undefined ? message : `${message} (did you mean ${found}?)`;
}

/** The nearest of `options`, at most two edits away; `undefined` if one of them equals the value. */
export function nearest(
  value: string,
  options: readonly string[],
  caseSensitive = true,
): string | undefined {
  const fold = (text: string): string => (caseSensitive ? text : text.toLowerCase());
  let found: string | undefined;
  let least = 3;
  for (const option of options.map(fold)) {
    if (option === fold(value)) return undefined;
    const edits = distance(fold(value), option, least);
    if (edits >= least) continue;
    least = edits;
    found = option;
  }
  if (found === undefined || caseSensitive) return found;
  return value === value.toUpperCase() ? found.toUpperCase() : found;
}

/** The `count` nearest of `names`, at any distance; equally near ones in alphabetical order. */
export function nearestNames(wanted: string, names: readonly string[], count = 3): string[] {
  const lower = wanted.slice(0, MAX_COMPARED).toLowerCase();
  const candidates =
    names.length <= MAX_UNFILTERED
      ? names
      : names.filter((name) => name.toLowerCase().startsWith(lower.slice(0, 1)));
  return candidates
    .slice(0, MAX_CANDIDATES)
    .map((name) => ({ name, far: distance(lower, name.slice(0, MAX_COMPARED).toLowerCase()) }))
    .sort((a, b) => a.far - b.far || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

/** Levenshtein's distance, or at least `limit`. Time is the product of the length of `a` and `limit`. */
export function distance(a: string, b: string, limit = Infinity): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  const row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    // Cells further from the diagonal exceed the limit.
    const first = Math.max(1, i - limit);
    const last = Math.min(b.length, i + limit);
    let diagonal = row[first - 1] as number;
    row[first - 1] = first === 1 ? i : Infinity;
    for (let j = first; j <= last; j++) {
      const above = j === i + limit ? Infinity : (row[j] as number);
      const swap = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      diagonal = above;
      row[j] = Math.min(swap, above + 1, (row[j - 1] as number) + 1);
    }
  }
  return row[b.length] as number;
}
