/** Text for entries, sizes and names. */
import { formatBytes, formatPermissions } from '../../../text/format.js';
import type { FileTree } from '../model/file-tree.js';

/** `1,204 files` */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}

/** `45 %`; `< 0.1 %` for any other part than 0. */
export function shareOf(part: number, whole: number): string {
  if (!(whole > 0) || part === 0) return '0 %';
  const share = (part / whole) * 100;
  if (share < 0.1) return '< 0.1 %';
  return `${share >= 9.95 ? share.toFixed(0) : share.toFixed(1)} %`;
}

/** Type and permissions as `ls -l` prints them: `-rwsr-xr-x`. */
export function modeOf(kind: string, mode: number): string {
  return (kind === 'f' ? '-' : kind) + formatPermissions(mode);
}

/** By the letters of `KINDS`. */
export const KIND_WORDS: Readonly<Record<string, string>> = {
  f: 'file',
  d: 'directory',
  l: 'symbolic link',
  c: 'character device',
  b: 'block device',
  p: 'FIFO',
};

/** `2024-05-17 09:30 UTC`; the number itself if it is not a valid date. */
export function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** The label for screen readers: `usr, directory, 120 MB, 45 %, 1,204 files`. */
export function spoken(tree: FileTree, at: number, whole: number): string {
  const total = tree.totals[at] as number;
  const name = visible(tree.names[at] as string) || '/';
  const parts = [name, KIND_WORDS[tree.kindOf(at)], formatBytes(total), shareOf(total, whole)];
  if (tree.isFolder(at)) parts.push(countOf(tree.files[at] as number, 'file'));
  return parts.join(', ');
}

/** Invisible characters, and those that change how others look: more than a terminal interprets. */
const HIDDEN =
  // eslint-disable-next-line no-misleading-character-class
  /[\u0000-\u001f\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

/** A text in parts; `escaped` parts replace hidden characters. */
export function partsOf(text: string): { readonly text: string; readonly escaped: boolean }[] {
  const hidden = text.match(HIDDEN) ?? [];
  return text
    .split(HIDDEN)
    .flatMap((shown, index) => [
      ...(shown === '' ? [] : [{ text: shown, escaped: false }]),
      ...hidden.slice(index, index + 1).map((each) => ({ text: escaped(each), escaped: true })),
    ]);
}

/** A text with its hidden characters escaped. */
export function visible(text: string): string {
  return text.replace(HIDDEN, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) as number;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  const digits = code.toString(16);
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`;
}

/** `1/65`, `of it`; otherwise how many times as large the size is. */
export function ratioText(before: number, after: number): readonly [string, string] {
  if (before === after) return ['1×', 'the size'];
  if (before === 0) return [formatBytes(after), 'instead of nothing'];
  if (after === 0) return ['nothing', 'is left'];
  if (after > before) return [`${rounded(after / before)}×`, 'the size'];
  return [`1/${rounded(before / after)}`, 'of it'];
}

function rounded(ratio: number): string {
  if (ratio < 9.95) return ratio.toFixed(1).replace(/\.0$/, '');
  return Math.round(ratio).toLocaleString('en');
}
