/** Ends of texts cut in linear time: an expression like `/ +$/` is tried at every blank of a text. */

/** Without any of `characters` at its end. */
export function trimEnd(text: string, characters: string): string {
  let end = text.length;
  while (end > 0 && characters.includes(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

/** A path without slashes at its end; `/` stays. */
export function withoutSlashes(path: string): string {
  return path.slice(0, 1) + trimEnd(path.slice(1), '/');
}

/** Lines as one, with `separator` for each line end and the white space around it. */
export function joinLines(text: string, separator: string): string {
  const lines = text.split(/[\r\n]+/);
  const last = lines.length - 1;
  return lines
    .map((line, index) => (index === 0 ? line : line.trimStart()))
    .map((line, index) => (index === last ? line : line.trimEnd()))
    .filter((line, index) => line !== '' || index === 0 || index === last)
    .join(separator);
}
