/** "did you mean …?", as BuildKit's util/suggest has it: the nearest name within two edits. */

/**
 * The message, with the nearest of `options` when one is near enough. An option that equals the
 * value means that the value isn't what is wrong.
 */
export function suggest(
  message: string,
  value: string,
  options: readonly string[],
  caseSensitive: boolean,
): string {
  const found = nearest(value, options, caseSensitive);
  return found === undefined ? message : `${message} (did you mean ${found}?)`;
}

/** The nearest of `options`, at most two edits away. */
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

/** Levenshtein's distance; `limit` or more when it is no less. Time is the product of `a` and `limit`. */
export function distance(a: string, b: string, limit = Infinity): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  const row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    // What is further from the diagonal is further than the limit.
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
