/** The difference: totals, then the largest entries of each kind of change. */
import type { ChangeKind, Difference, DifferenceEntry } from '../difference.js';
import { type Colour, SIZE_WIDTH, type Style } from './style.js';
import { plural } from './summary.js';

const MAX_ROWS = 10;
const COLOURS: Readonly<Record<ChangeKind, Colour>> = {
  gone: 'red',
  stayed: 'blue',
  moved: 'magenta',
  changed: 'yellow',
  new: 'green',
};

export function* differenceLines(
  difference: Difference,
  style: Style,
  all = false,
): Generator<string> {
  const { sizes, totals, entries } = difference;
  yield `${style.heading('difference')}  ${sizesText(difference, style)}`;
  const whole = Math.max(sizes.before, sizes.after);
  for (const how of Object.keys(COLOURS) as ChangeKind[]) {
    const { entries: count, bytes } = totals[how];
    if (count === 0) continue;
    const share = style.share(bytes, whole, COLOURS[how]);
    const counted = `${count} ${count === 1 ? 'entry' : 'entries'}`;
    yield `  ${style.size(bytes)}  ${share}  ${how.padEnd(9)}${style.paint('dim', counted)}`;
  }
  const gone = goneFolders(entries).map(({ path, bytes, files, directory }) => ({
    bytes,
    text: `${path}${directory ? '/' : ''}`,
    note: directory ? plural(files, 'file') : '',
  }));
  const max = all ? Infinity : MAX_ROWS;
  yield* largest('gone', gone, max, style);
  // New directories are not listed.
  const listed = entries.filter(({ how, kind }) => how !== 'new' || kind !== 'directory');
  for (const how of ['new', 'moved', 'changed'] as const)
    yield* largest(how, listed.filter((entry) => entry.how === how).map(rowOf), max, style);
}

/** `252.3 MB -> 3.9 MB, 1/65 of it` */
function sizesText({ sizes }: Difference, style: Style): string {
  const { before, after } = sizes;
  const ratio = after > 0 ? Math.round(before / after) : 0;
  const smaller = ratio > 1 ? `, 1/${ratio} of it` : '';
  return `${style.bytes(before)} ${style.bars ? '→' : '->'} ${style.bytes(after)}${smaller}`;
}

interface Row {
  readonly bytes: number;
  readonly text: string;
  readonly note: string;
}

function rowOf({ path, from, bytes, changes = [] }: DifferenceEntry): Row {
  return {
    bytes,
    text: from === undefined ? path : `${from} -> ${path}`,
    note: changes.join(', '),
  };
}

function* largest(
  how: ChangeKind,
  rows: readonly Row[],
  max: number,
  style: Style,
): Generator<string> {
  if (rows.length === 0) return;
  yield '';
  yield style.heading(how);
  const sorted = rows.toSorted((a, b) => b.bytes - a.bytes);
  for (const { bytes, text, note } of sorted.slice(0, max)) {
    const suffix = note === '' ? '' : `  ${note}`;
    const name = style.rest(text, SIZE_WIDTH + 4 + suffix.length);
    yield `  ${style.paint(COLOURS[how], style.size(bytes))}  ${name}${style.paint('dim', suffix)}`;
  }
  yield* style.more(sorted.slice(max), ({ bytes }) => bytes);
}

export interface GoneFolder {
  readonly path: string;
  readonly directory: boolean;
  bytes: number;
  /** Removed files in it, without moved ones. */
  files: number;
}

/** The topmost removed paths, in the order of the tree. */
export function goneFolders(entries: readonly DifferenceEntry[]): readonly GoneFolder[] {
  const folders: GoneFolder[] = [];
  for (const { path, how, kind, bytes } of entries) {
    if (how !== 'gone') continue;
    const files = kind === 'file' ? 1 : 0;
    const above = folders.at(-1);
    // Descendants of a directory follow it.
    if (above?.directory === true && path.startsWith(`${above.path}/`)) {
      above.bytes += bytes;
      above.files += files;
    } else folders.push({ path, directory: kind === 'directory', bytes, files });
  }
  return folders;
}
