/**
 * An inspection as JSON, for programs: docs/inspect.schema.json says what is in it. It is written line
 * by line, one for each thing in a list, since a file system has many entries.
 */
import { checkArgument, normalise, optional } from '../options/schema.js';
import { listOf, object } from '../options/values.js';
import * as checks from './arguments.js';
import type { Difference, DifferenceEntry } from './difference/difference.js';
import { walk } from './entry.js';
import type { Exceeded } from './exceeded.js';
import type { Inspection } from './inspection.js';
import { entryMembers, Paths } from './json-entry.js';

/** Raised when something is taken away or means something else; more may come at any time. */
const SCHEMA = 'dockerception-inspect/1';

/** What else there is to tell. */
export interface JsonOptions {
  /** What `--diff` compared it with. */
  readonly other?: { readonly inspection: Inspection; readonly difference: Difference };
  /** Where limits were asked for: those that are exceeded. */
  readonly exceeded?: readonly Exceeded[];
}

/** The lines, without their ends. Control characters are escaped, those above ASCII, too. */
export function inspectionJson(
  inspection: Inspection,
  options: JsonOptions = {},
): Generator<string> {
  checkArgument('inspection', inspection, checks.inspection);
  normalise(JSON_OPTIONS, options);
  return lines(inspection, options);
}

const JSON_OPTIONS = { other: optional(checks.other), exceeded: optional(listOf(object)) };

function* lines(inspection: Inspection, { other, exceeded }: JsonOptions): Generator<string> {
  const { kind, target, image, size, root, layers, waste, findings } = inspection;
  yield '{';
  yield* scalars(1, {
    schema: SCHEMA,
    kind,
    target,
    ...(image !== undefined && { image }),
    size,
    total: root.total,
    files: root.files,
  });
  yield* list(1, 'layers', layers);
  yield '  "waste": {';
  yield* scalars(2, { bytes: waste.bytes });
  yield* list(2, 'hidden', waste.hidden);
  yield* list(2, 'duplicates', waste.duplicates, '');
  yield '  },';
  yield* list(1, 'findings', findings);
  if (exceeded !== undefined) yield* list(1, 'exceeded', exceeded);
  if (other !== undefined) yield* difference(inspection, other.inspection, other.difference);
  yield* list(1, 'entries', entries(inspection), '');
  yield '}';
}

function* entries({ root }: Inspection): Generator<object> {
  const paths = new Paths();
  for (const entry of walk(root)) yield entryMembers(entry, paths);
}

function* difference(
  before: Inspection,
  after: Inspection,
  { sizes, totals, entries: all }: Difference,
): Generator<string> {
  yield '  "difference": {';
  yield* scalars(2, {
    before: { target: before.target, size: before.size, total: sizes.before },
    after: { target: after.target, size: after.size, total: sizes.after },
    ratio: sizes.before > 0 ? Number((sizes.after / sizes.before).toPrecision(6)) : null,
    totals,
  });
  yield* list(2, 'entries', all.map(withoutUndefined), '');
  yield '  },';
}

function withoutUndefined({ bytes: _, ...members }: DifferenceEntry): object {
  return members;
}

/** One line for each member; something follows them. */
function* scalars(depth: number, members: Readonly<Record<string, unknown>>): Generator<string> {
  for (const [name, value] of Object.entries(members))
    yield `${'  '.repeat(depth)}${json(name)}: ${json(value)},`;
}

/** One line for each item. */
function* list(depth: number, name: string, items: Iterable<object>, end = ','): Generator<string> {
  const indent = '  '.repeat(depth);
  let line: string | undefined;
  for (const item of items) {
    yield line === undefined ? `${indent}${json(name)}: [` : `${line},`;
    line = `${indent}  ${json(item)}`;
  }
  if (line === undefined) yield `${indent}${json(name)}: []${end}`;
  else {
    yield line;
    yield `${indent}]${end}`;
  }
}

/** JSON leaves those above ASCII as they are: some terminals act on them. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
