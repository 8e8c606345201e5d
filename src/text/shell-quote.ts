/** Words quoted for a shell. */
import { printable } from './printable.js';

/** One word for a POSIX shell: as it is when that is safe, else in single quotes. */
export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same for a message: control characters are escaped in `$'…'`, which bash, zsh and ksh support. */
export function printableQuote(word: string): string {
  if (printable(word, Infinity) === word) return shellQuote(word);
  return `$'${[...word].map(escaped).join('')}'`;
}

export function shellCommand(words: readonly string[]): string {
  return words.map(printableQuote).join(' ');
}

function escaped(character: string): string {
  if (character === '\\' || character === "'") return `\\${character}`;
  if (printable(character) === character) return character;
  const code = character.charCodeAt(0).toString(16);
  // Above ASCII, \x would be a byte.
  return character < '\x80' ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
}
