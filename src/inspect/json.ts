/** An inspection as JSON, as docs/inspect.schema.json describes it, with a line for each item of a list. */
import { checkArgument, normalise, optional } from '../options/schema.js';
import { listOf, object } from '../options/values.js';
import { type Compared, comparedCheck, type Difference } from './difference.js';
import { type Entry, walk } from './entry.js';
import { type Inspection, inspectionCheck } from './inspection.js';
import type { LimitViolation } from './limits.js';
import type { Content, ElfContent } from './probe/content.js';

/** Incremented when a member is removed or changes its meaning, but not for new members. */
const SCHEMA = 'dockerception-inspect/1';

export interface JsonOptions {
  /** The inspection of `--diff`, and the difference. */
  readonly other?: Compared;
  /** The limits that are exceeded, if limits were given. */
  readonly exceeded?: readonly LimitViolation[];
}

/** Lines without line ends. All control characters are escaped. */
export function inspectionJson(
  inspection: Inspection,
  options: JsonOptions = {},
): Generator<string> {
  checkArgument('inspection', inspection, inspectionCheck);
  normalise(JSON_OPTIONS, options);
  return lines(inspection, options);
}

const JSON_OPTIONS = { other: optional(comparedCheck), exceeded: optional(listOf(object)) };

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
  const firstNames = new Map<object, string>();
  for (const entry of walk(root)) yield entryMembers(entry, firstNames);
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
  yield* list(
    2,
    'entries',
    all.map(({ bytes: _, ...members }) => members),
    '',
  );
  yield '  },';
}

/** One line for each member, with a comma after the last. */
function* scalars(depth: number, members: Readonly<Record<string, unknown>>): Generator<string> {
  for (const [name, value] of Object.entries(members))
    yield `${'  '.repeat(depth)}${json(name)}: ${json(value)},`;
}

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

/** Escapes the control characters above ASCII as well, which some terminals interpret. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** `JSON.stringify` leaves out members that are undefined. */
function entryMembers(entry: Entry, firstNames: Map<object, string>): object {
  const { path, kind, mode, uid, gid, mtime, size, layer, total, files } = entry;
  const hardlink = entry.links && firstNames.get(entry.links);
  if (entry.links !== undefined && hardlink === undefined) firstNames.set(entry.links, path);
  return {
    path,
    kind,
    mode: mode.toString(8).padStart(4, '0'),
    uid,
    gid,
    mtime,
    layer,
    ...(kind === 'file' && { size }),
    ...(kind === 'directory' && { total, files }),
    target: entry.target,
    hardlink,
    device: entry.device,
    xattrs: entry.xattrs && xattrMembers(entry.xattrs),
    ...(entry.content && contentMembers(entry.content)),
  };
}

function xattrMembers(xattrs: ReadonlyMap<string, Buffer>): object {
  return Object.fromEntries([...xattrs].map(([name, value]) => [name, value.toString('base64')]));
}

/** Without the text of files, which `--cat` prints. */
function contentMembers(content: Content): object {
  const { hash, elf, damaged, script, secrets, tls, embeds, namesZones } = content;
  return { hash, elf: elf && elfMembers(elf), damaged, script, secrets, tls, embeds, namesZones };
}

function elfMembers(elf: ElfContent): object {
  const { kind, architecture, interpreter, needed, soname, rpath, runpath } = elf;
  const { machine, bits, bigEndian } = architecture;
  return { kind, machine, bits, bigEndian, interpreter, needed, soname, rpath, runpath };
}
