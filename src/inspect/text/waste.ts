/** The largest files, and wasted bytes: files that later layers hide, and duplicates. */
import { type Entry, walk } from '../entry.js';
import type { Duplicate, HiddenFile } from '../facts.js';
import type { Inspection } from '../inspection.js';
import { SIZE_WIDTH, type Style } from './style.js';
import { plural } from './summary.js';

const MAX_ROWS = 10;
/** Listed paths of a duplicate. */
const MAX_COPIES = 3;

/** A file with several names is listed with the first. */
export function* biggestLines({ root }: Inspection, style: Style): Generator<string> {
  const files = biggest(root);
  if (files.length === 0) return;
  yield style.heading('biggest files');
  // Bars compare the files with each other, percentages with the whole.
  const whole = style.bars ? (files[0]?.total ?? 0) : root.total;
  for (const { path, total } of files) {
    const share = style.share(total, whole);
    const used = SIZE_WIDTH + style.shareWidth + 6;
    yield `  ${style.size(total)}  ${share}  ${style.rest(path, used)}`;
  }
}

function biggest(root: Entry): readonly Entry[] {
  const found: Entry[] = [];
  for (const entry of walk(root)) {
    if (entry.kind !== 'file' || entry.total <= (found[MAX_ROWS - 1]?.total ?? 0)) continue;
    const at = found.findIndex(({ total }) => total < entry.total);
    found.splice(at < 0 ? found.length : at, 0, entry);
    found.length = Math.min(found.length, MAX_ROWS);
  }
  return found;
}

export function* wasteLines({ waste }: Inspection, style: Style): Generator<string> {
  const { hidden, duplicates } = waste;
  if (hidden.length > 0) yield* hiddenLines(hidden, style);
  if (hidden.length > 0 && duplicates.length > 0) yield '';
  if (duplicates.length > 0) yield* duplicateLines(duplicates, style);
}

function* hiddenLines(hidden: readonly HiddenFile[], style: Style): Generator<string> {
  const bytesOf = ({ size }: HiddenFile): number => size;
  yield heading('hidden by later layers', 'file', hidden, bytesOf, style);
  const listed = hidden.slice(0, MAX_ROWS).map((file) => ({
    file,
    what: `layer ${file.layer}, ${file.how} by ${file.by}`,
  }));
  const width = Math.max(...listed.map(({ what }) => what.length));
  for (const { file, what } of listed) {
    const front = `  ${style.size(file.size)}  ${style.paint('dim', what.padEnd(width))}  `;
    yield front + style.rest(file.path, SIZE_WIDTH + width + 6);
  }
  yield* style.more(hidden.slice(MAX_ROWS), bytesOf);
}

function* duplicateLines(duplicates: readonly Duplicate[], style: Style): Generator<string> {
  const bytesOf = ({ wasted }: Duplicate): number => wasted;
  yield heading('the same content twice', 'content', duplicates, bytesOf, style);
  for (const { wasted, paths } of duplicates.slice(0, MAX_ROWS)) {
    const more =
      paths.length > MAX_COPIES ? style.paint('dim', `  ${paths.length - MAX_COPIES} more`) : '';
    const listed = paths.slice(0, MAX_COPIES);
    if (!style.bars) {
      yield `  ${style.size(wasted)}  ${listed.map((path) => style.rest(path, 0)).join('  ')}${more}`;
      continue;
    }
    for (const [index, path] of listed.entries()) {
      const front = index === 0 ? style.size(wasted) : ' '.repeat(SIZE_WIDTH);
      const suffix = index === listed.length - 1 ? more : '';
      yield `  ${front}  ${style.rest(path, SIZE_WIDTH + 14)}${suffix}`;
    }
  }
  yield* style.more(duplicates.slice(MAX_ROWS), bytesOf);
}

function heading<T>(
  text: string,
  noun: string,
  all: readonly T[],
  bytesOf: (item: T) => number,
  style: Style,
): string {
  const bytes = all.reduce((sum, item) => sum + bytesOf(item), 0);
  return `${style.heading(text)}  ${style.paint('dim', `${plural(all.length, noun)}, ${style.bytes(bytes)}`)}`;
}
