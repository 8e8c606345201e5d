/** Bytes that are shipped and serve nobody: what later layers hide, and the same content twice. */
import type { Duplicate, HiddenFile, Inspection } from '../inspection.js';
import { SIZE_WIDTH, type Style } from './style.js';

const MOST = 10;

export function* wasteLines({ waste }: Inspection, style: Style): Generator<string> {
  const { hidden, duplicates } = waste;
  if (hidden.length > 0) {
    yield `${style.heading('hidden by later layers')}${total(hidden, ({ size }) => size, style)}`;
    yield* rows(hidden, ({ size }) => size, hiddenText, style);
  }
  if (hidden.length > 0 && duplicates.length > 0) yield '';
  if (duplicates.length > 0) {
    const all = total(duplicates, ({ wasted }) => wasted, style);
    yield `${style.heading('the same content twice')}${all}`;
    yield* rows(duplicates, ({ wasted }) => wasted, duplicateText, style);
  }
}

/** What a row says in front of its path, and the path. */
type Text = readonly [what: string, path: string];

function hiddenText({ layer, by, how, path }: HiddenFile): Text {
  return [`${how.padEnd('overwritten'.length)}  ${`${layer}>${by}`.padEnd(5)}`, path];
}

function duplicateText({ paths }: Duplicate): Text {
  const [first = '', second = ''] = paths;
  return [
    `${paths.length} copies`.padEnd(9),
    `${first}  ${second}${paths.length > 2 ? '  …' : ''}`,
  ];
}

function* rows<T>(
  all: readonly T[],
  bytesOf: (item: T) => number,
  textOf: (item: T) => Text,
  style: Style,
): Generator<string> {
  for (const item of all.slice(0, MOST)) {
    const [what, path] = textOf(item);
    const used = SIZE_WIDTH + what.length + 6;
    yield `  ${style.size(bytesOf(item))}  ${style.paint('dim', what)}  ${style.rest(path, used)}`;
  }
  const more = all.slice(MOST);
  if (more.length === 0) return;
  const bytes = more.reduce((sum, item) => sum + bytesOf(item), 0);
  yield `  ${style.size(bytes)}  ${style.paint('dim', `${more.length} more`)}`;
}

function total<T>(all: readonly T[], bytesOf: (item: T) => number, style: Style): string {
  const bytes = all.reduce((sum, item) => sum + bytesOf(item), 0);
  return style.paint('dim', `  ${style.bytes(bytes)}`);
}
