/** Ends of texts, trimmed in linear time: an expression like `/ +$/` is tried at every blank. */

/** Removes any of `characters` from the end of a text. */
export function trimEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

/** Removes slashes from the end of a path; `/` stays. */
export function withoutSlashes(path: string): string {
  return path.slice(0, 1) + trimEnd(path.slice(1), '/');
}

/** Joins lines: each line end, with the white space around it, becomes `separator`. */
export function joinLines(text: string, separator: string): string {
  const [first = '', ...rest] = text.split(/[\r\n]+/);
  const last = rest.pop();
  if (last === undefined) return text;
  const middle = rest.map((line) => line.trim()).filter((line) => line !== '');
  return [first.trimEnd(), ...middle, last.trimStart()].join(separator);
}
