/** Bytes that are shipped and serve nobody: what later layers hide, and the same content twice. */
import type { Duplicate, HiddenFile, Inspection } from '../inspection.js';
import { moreLine } from './more.js';
import { SIZE_WIDTH, type Style } from './style.js';

const MOST = 10;
/** Of one content: the others are counted. */
const COPIES = 3;

export function* wasteLines({ waste }: Inspection, style: Style): Generator<string> {
  const { hidden, duplicates } = waste;
  if (hidden.length > 0) yield* hiddenLines(hidden, style);
  if (hidden.length > 0 && duplicates.length > 0) yield '';
  if (duplicates.length > 0) yield* duplicateLines(duplicates, style);
}

function* hiddenLines(hidden: readonly HiddenFile[], style: Style): Generator<string> {
  const bytesOf = ({ size }: HiddenFile): number => size;
  yield heading('hidden by later layers', hidden, bytesOf, style);
  const told = hidden.slice(0, MOST).map((file) => ({
    file,
    what: `layer ${file.layer}, ${file.how} by ${file.by}`,
  }));
  const width = Math.max(...told.map(({ what }) => what.length));
  for (const { file, what } of told) {
    const front = `  ${style.size(file.size)}  ${style.paint('dim', what.padEnd(width))}  `;
    yield front + style.rest(file.path, SIZE_WIDTH + width + 6);
  }
  yield* moreLine(hidden.slice(MOST), bytesOf, style);
}

function* duplicateLines(duplicates: readonly Duplicate[], style: Style): Generator<string> {
  const bytesOf = ({ wasted }: Duplicate): number => wasted;
  yield heading('the same content twice', duplicates, bytesOf, style);
  for (const { wasted, paths } of duplicates.slice(0, MOST)) {
    const more = paths.length > COPIES ? style.paint('dim', `  ${paths.length - COPIES} more`) : '';
    const told = paths.slice(0, COPIES);
    if (!style.bars) {
      yield `  ${style.size(wasted)}  ${told.map((path) => style.rest(path, 0)).join('  ')}${more}`;
      continue;
    }
    for (const [index, path] of told.entries()) {
      const front = index === 0 ? style.size(wasted) : ' '.repeat(SIZE_WIDTH);
      const behind = index === told.length - 1 ? more : '';
      yield `  ${front}  ${style.rest(path, SIZE_WIDTH + 14)}${behind}`;
    }
  }
  yield* moreLine(duplicates.slice(MOST), bytesOf, style);
}

function heading<T>(
  text: string,
  all: readonly T[],
  bytesOf: (item: T) => number,
  style: Style,
): string {
  const bytes = all.reduce((sum, item) => sum + bytesOf(item), 0);
  return `${style.heading(text)}  ${style.paint('dim', style.bytes(bytes))}`;
}
