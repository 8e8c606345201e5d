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

/** Breaks a printable text between words, and within words that are wider than a line. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => pieces(each, columns))) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function pieces(word: string, columns: number): string[] {
  const all: string[] = [];
  let rest = word;
  while (textWidth(rest) > columns) {
    // At least one character, even if it is wider than the line.
    const piece = take(rest, columns) || ([...rest][0] as string);
    all.push(piece);
    rest = rest.slice(piece.length);
  }
  return [...all, rest];
}

function takeLast(text: string, columns: number): string {
  // Bounds the work for very long names; some characters have no width.
  const characters = [...text.slice(-8 * columns)].reverse();
  return [...take(characters, columns)].reverse().join('');
}
