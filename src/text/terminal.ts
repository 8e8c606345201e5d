/** Text for terminals: without control sequences, and with a known width. */
import { joinLines, trimEnd } from './trim.js';

// ECMA-48: control strings up to their terminator, control sequences, other escapes.
const SEQUENCES =
  /(?:\x1b[PX^_\]]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[ -/]*[0-~]/g;
// Other control characters but tab, and characters that change the direction of text.
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Removes control sequences and control characters but tab; line ends become spaces. */
export function plainText(text: string): string {
  return joinLines(text, ' ').replace(SEQUENCES, '').replace(CONTROLS, '');
}

/** The text that a terminal finally shows for a line: a CR restarts it. */
export function lastVersion(line: string): string {
  const text = trimEnd(line, '\r');
  return plainText(text.slice(text.lastIndexOf('\r') + 1));
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;
const ZERO = /\p{Mn}|\p{Me}|\p{Cf}/u;

/** Columns of help and of reports. */
export const LINE_WIDTH = 80;

/** Columns. */
export function textWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return [...text].reduce((width, character) => width + characterWidth(character), 0);
}

/** Cuts a text to at most `columns`, with an ellipsis at the end. */
export function truncate(text: string, columns: number): string {
  const flat = text.replace(/\t/g, '  ');
  if (textWidth(flat) <= columns) return flat;
  return columns > 0 ? `${take(flat, columns - 1)}…` : '';
}

/** The first characters, as many as fit into `columns`. */
export function take(characters: Iterable<string>, columns: number): string {
  let [taken, width] = ['', 0];
  for (const character of characters) {
    width += characterWidth(character);
    if (width > columns) break;
    taken += character;
  }
  return taken;
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

function characterWidth(character: string): number {
  return ZERO.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
}
