/** Text that fits a terminal's width, without control characters. */
import { printable } from '../../text/printable.js';
import { take, textWidth, truncate } from '../../text/terminal.js';

/** The whole text, with control characters escaped. */
export function escaped(text: string): string {
  return printable(text, Infinity);
}

/** Shortens a printable text in the middle: the start and the last name of a path matter most. */
export function cutMiddle(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  if (columns < 5) return truncate(text, Math.max(columns, 0));
  // Two thirds are for the end, which is the name.
  const end = takeLast(text, Math.ceil(((columns - 1) * 2) / 3));
  const slash = end.indexOf('/');
  const name = slash > 0 && slash < end.length / 3 ? end.slice(slash) : end;
  return `${take(text, columns - 1 - textWidth(name))}…${name}`;
}

function takeLast(text: string, columns: number): string {
  // Bounds the work for very long names; some characters have no width.
  const characters = [...text.slice(-8 * columns)].reverse();
  return [...take(characters, columns)].reverse().join('');
}
