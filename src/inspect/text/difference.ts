/** What became of a file system: the sums, then the largest of what went away and of what came. */
import type { Difference, DifferenceEntry, How } from '../difference/difference.js';
import { goneFolders } from '../difference/gone-folders.js';
import { moreLine } from './more.js';
import { type Paint, SIZE_WIDTH, type Style } from './style.js';
import { plural } from './summary.js';

const MOST = 10;
const PAINTS: Readonly<Record<How, Paint>> = {
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
  for (const how of Object.keys(PAINTS) as How[]) {
    const { entries: count, bytes } = totals[how];
    if (count === 0) continue;
    const share = style.share(bytes, whole, PAINTS[how]);
    const counted = `${count} ${count === 1 ? 'entry' : 'entries'}`;
    yield `  ${style.size(bytes)}  ${share}  ${how.padEnd(9)}${style.paint('dim', counted)}`;
  }
  const gone = goneFolders(entries).map(({ path, bytes, files, directory }) => ({
    bytes,
    text: `${path}${directory ? '/' : ''}`,
    note: directory ? plural(files, 'file') : '',
  }));
  const most = all ? Infinity : MOST;
  yield* largest('gone', gone, most, style);
  for (const how of ['new', 'moved', 'changed'] as const)
    yield* largest(how, entries.filter((entry) => isTold(entry, how)).map(rowOf), most, style);
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

/** New directories go without saying. */
function isTold({ how, kind }: DifferenceEntry, wanted: How): boolean {
  return how === wanted && (how !== 'new' || kind !== 'directory');
}

function rowOf({ path, from, bytes, changes = [] }: DifferenceEntry): Row {
  return {
    bytes,
    text: from === undefined ? path : `${from} -> ${path}`,
    note: changes.join(', '),
  };
}

function* largest(how: How, rows: readonly Row[], most: number, style: Style): Generator<string> {
  if (rows.length === 0) return;
  yield '';
  yield style.heading(how);
  const sorted = rows.toSorted((a, b) => b.bytes - a.bytes);
  for (const { bytes, text, note } of sorted.slice(0, most)) {
    const behind = note === '' ? '' : `  ${note}`;
    const name = style.rest(text, SIZE_WIDTH + 4 + behind.length);
    yield `  ${style.paint(PAINTS[how], style.size(bytes))}  ${name}${style.paint('dim', behind)}`;
  }
  yield* moreLine(sorted.slice(most), ({ bytes }) => bytes, style);
}
