/** Words as somebody would type them into a shell, fit for a terminal. */
import { printable } from '../tar/printable.js';

/** POSIX shell's quotes, where they are needed; for control characters `$'…'`, which bash, zsh and ksh know. */
export function shellQuote(word: string): string {
  if (/^[\w./:@%+,=-]+$/.test(word)) return word;
  const isPrintable = printable(word, Infinity) === word;
  if (isPrintable) return `'${word.replaceAll("'", `'\\''`)}'`;
  return `$'${[...word].map(escaped).join('')}'`;
}

/** A command and its arguments. */
export function shellCommand(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

function escaped(character: string): string {
  if (character === '\\' || character === "'") return `\\${character}`;
  if (printable(character) === character) return character;
  const code = character.charCodeAt(0);
  // Above ASCII, \x is a byte, and \u is a character.
  return code < 0x80
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
