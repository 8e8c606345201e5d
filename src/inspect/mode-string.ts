/** `drwxr-sr-t`: a kind and its twelve bits as ls(1) has them. POSIX.1-2017 ls, "STDOUT". */
import type { EntryKind } from './entry.js';

const LETTERS: Readonly<Record<EntryKind, string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  'char-device': 'c',
  'block-device': 'b',
  fifo: 'p',
};

/** Ten characters. A capital S or T has no x below it. */
export function modeString(kind: EntryKind, mode: number): string {
  return (
    LETTERS[kind] +
    letters(mode >> 6, (mode & 0o4000) !== 0, 's') +
    letters(mode >> 3, (mode & 0o2000) !== 0, 's') +
    letters(mode, (mode & 0o1000) !== 0, 't')
  );
}

function letters(bits: number, isSpecial: boolean, special: string): string {
  const runs = (bits & 1) !== 0;
  const last = isSpecial ? (runs ? special : special.toUpperCase()) : runs ? 'x' : '-';
  return `${(bits & 4) === 0 ? '-' : 'r'}${(bits & 2) === 0 ? '-' : 'w'}${last}`;
}
