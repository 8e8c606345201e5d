/** Words quoted for a shell, without control characters. */
import { printable } from '../../text/printable.js';
import { shellQuote as posixQuote } from '../../text/shell-quote.js';

/** Quotes of the POSIX shell; for control characters `$'…'`, which bash, zsh and ksh support. */
export function shellQuote(word: string): string {
  if (printable(word, Infinity) === word) return posixQuote(word);
  return `$'${[...word].map(escaped).join('')}'`;
}

export function shellCommand(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

function escaped(character: string): string {
  if (character === '\\' || character === "'") return `\\${character}`;
  if (printable(character) === character) return character;
  const code = character.charCodeAt(0);
  // Above ASCII, \x would be a byte.
  return code < 0x80
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
