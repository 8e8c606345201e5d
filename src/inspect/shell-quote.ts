/** Words as somebody would type them into a shell, fit for a terminal. */
import { printable } from '../tar/printable.js';

const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** POSIX shell's quotes, where they are needed; `$'…'` for control characters, which bash, zsh and ksh know. */
export function shellQuote(word: string): string {
  if (/^[\w./:@%+,=-]+$/.test(word)) return word;
  if (!CONTROL.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  return `$'${printable(word.replace(/[\\']/g, '\\$&'), Infinity)}'`;
}

/** A command and its arguments. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}
