/** Entries in words. */
import { formatBytes } from '../../text/format.js';
import type { FileTree } from './file-tree.js';
import { visible } from './visible.js';

/** `1,204 files` */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** `45 %`, and `< 0.1 %` where there is something. */
export function shareOf(part: number, whole: number): string {
  if (!(whole > 0) || part === 0) return '0 %';
  const share = (part / whole) * 100;
  if (share < 0.1) return '< 0.1 %';
  return `${share >= 9.95 ? share.toFixed(0) : share.toFixed(1)} %`;
}

/** As `ls -l` has it: `-rwsr-xr-x`. */
export function modeOf(kind: string, mode: number): string {
  const triple = (bits: number, special: boolean, letter: string): string => {
    const last = special ? (bits & 1 ? letter : letter.toUpperCase()) : bits & 1 ? 'x' : '-';
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${last}`;
  };
  return [
    kind === 'f' ? '-' : kind,
    triple((mode >> 6) & 7, (mode & 0o4000) !== 0, 's'),
    triple((mode >> 3) & 7, (mode & 0o2000) !== 0, 's'),
    triple(mode & 7, (mode & 0o1000) !== 0, 't'),
  ].join('');
}

const WORDS: Readonly<Record<string, string>> = {
  f: 'file',
  d: 'directory',
  l: 'symbolic link',
  c: 'character device',
  b: 'block device',
  p: 'FIFO',
};

export function kindWord(kind: string): string {
  return WORDS[kind] ?? 'entry';
}

/** `2024-05-17 09:30 UTC`; the number where it is no date. */
export function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime())
    ? String(seconds)
    : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** `usr, directory, 120 MB, 45 %, 1,204 files`: what a screen reader says. */
export function spoken(tree: FileTree, at: number, whole: number): string {
  const total = tree.totals[at] as number;
  const parts = [visible(tree.names[at] as string) || '/', kindWord(tree.kindOf(at))];
  parts.push(formatBytes(total), shareOf(total, whole));
  if (tree.isFolder(at)) parts.push(countOf(tree.files[at] as number, 'file'));
  return parts.join(', ');
}
