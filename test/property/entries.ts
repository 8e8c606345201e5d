/** Any entries, in any format, and any edits: what the properties are about. */
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import type { FilterOptions } from '../../src/options/context.js';
import { END, type Fields, header, long, type Magic, padded, pax } from '../support/write-tar.js';

/** One entry, before a format is chosen for it. */
export interface Wanted {
  readonly name: Buffer;
  readonly typeflag: string;
  readonly linkname: Buffer;
  readonly body: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly fraction: string;
  readonly uname: string;
}

export type Format = Magic | 'pax' | 'global' | 'tar-stream';

const component = fc
  .oneof(
    {
      weight: 5,
      arbitrary: fc.constantFrom('app', 'lib', 'a', 'Dockerfile', 'x.txt', ' ', '...', '-'),
    },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('n'.repeat(99), 'n'.repeat(100), 'm'.repeat(154), 'ü'.repeat(130)),
    },
  )
  .filter((text) => !/[/\0]/.test(text) && text !== '.' && text !== '..' && text !== '');

const binary = fc
  .uint8Array({ minLength: 1, maxLength: 12, min: 0x30, max: 0xff })
  .map((bytes) => Buffer.from(bytes));

const name = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.constantFrom('', '', '', './', '/', 'a//'),
        fc.array(component, { minLength: 1, maxLength: 5 }),
      )
      .map(([start, parts]) => Buffer.from(start + parts.join('/'))),
  },
  { weight: 1, arbitrary: binary },
);

const id = fc.oneof(
  fc.constantFrom(0, 1000, 197609, 2097151, 2097152, 2 ** 31, 2 ** 32 - 2),
  fc.nat(70_000),
);

const wanted: fc.Arbitrary<Wanted> = fc
  .record({
    name,
    typeflag: fc.constantFrom('0', '0', '0', '5', '1', '2', '3', '6', '7', '\0', 'D'),
    linkname: name,
    body: fc
      .oneof(fc.constantFrom(0, 1, 511, 512, 513, 1024, 1536), fc.nat(1536))
      .map((size) => Buffer.alloc(size, 0x62)),
    mode: fc.nat(0o7777),
    uid: id,
    gid: id,
    mtime: fc.oneof(fc.constantFrom(0, 1_700_000_000, 2 ** 33 - 1), fc.nat(2 ** 31 - 1)),
    fraction: fc.constantFrom('', '', '.5', '.123456789'),
    uname: fc.constantFrom('', 'root', 'builder', 'Jürgen'),
  })
  .map((entry) => ({
    ...entry,
    name: entry.typeflag === '5' ? Buffer.concat([entry.name, Buffer.from('/')]) : entry.name,
    body: '123456'.includes(entry.typeflag) ? Buffer.alloc(0) : entry.body,
    linkname: '12'.includes(entry.typeflag) ? entry.linkname : Buffer.alloc(0),
  }));

export const formats: fc.Arbitrary<Format> = fc.constantFrom(
  'v7',
  'ustar',
  'gnu',
  'pax',
  'global',
  'tar-stream',
);

export const entryLists = fc.array(wanted, { minLength: 1, maxLength: 5 });

export const chunkSizes = fc.oneof(
  fc.constantFrom(1, 7, 512, 513, 65536, 1048576).map((size) => [size]),
  fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 5 }),
);

export type Edits = Omit<FilterOptions, 'context'>;

export const edits: fc.Arbitrary<Edits> = fc.record(
  {
    owner: fc.oneof(fc.constant('keep' as const), fc.record({ uid: id, gid: id })),
    mode: fc.constantFrom('a+rX,go-w', '0755', 'u=rwx,go=rx', '-w', 'u+s,+t'),
    mtime: fc.constantFrom(0, 1_500_000_000),
    clampMtime: fc.constantFrom(1_000_000, 1_699_999_999),
    stripComponents: fc.nat(2),
    prefix: fc.constantFrom('p', 'some/where', 'n'.repeat(60), 'l/'.repeat(90)),
    exclude: fc.subarray(['app', 'p/lib', 'some/where/a', 'x.txt'], { minLength: 1 }),
  },
  { requiredKeys: [] },
);

/** Writes them in the format, with whatever it has for what doesn't fit a header. */
export async function write(entries: readonly Wanted[], format: Format): Promise<Buffer> {
  if (format === 'tar-stream') return writeByTarStream(entries);
  const blocks = entries.flatMap((entry) => blocksOf(entry, format));
  const globals = [
    ['uid', '4242'],
    ['gname', 'all'],
    ['comment', 'c'],
  ] as const;
  if (format === 'global') blocks.unshift(pax(globals, { typeflag: 'g' }));
  return Buffer.concat([...blocks, END]);
}

function blocksOf(entry: Wanted, format: Exclude<Format, 'tar-stream'>): Buffer[] {
  const magic = format === 'pax' || format === 'global' ? 'ustar' : format;
  const fields: Fields = { ...entry, gname: entry.uname, magic, size: entry.body.length };
  const { fitting, prefix } = format === 'ustar' ? split(entry.name) : { fitting: entry.name };
  const whole = header({ ...fields, name: fitting, ...(prefix && { prefix }) });
  const lead: Buffer[] = [];
  if (format === 'v7' || format === 'gnu') {
    if (entry.linkname.length > 100) lead.push(long('K', entry.linkname));
    if (entry.name.length > 100) lead.push(long('L', entry.name));
  } else {
    const records: [string, Buffer | string][] = [];
    if (fitting.length > 100 || format === 'pax') records.push(['path', entry.name]);
    if (entry.linkname.length > 100) records.push(['linkpath', entry.linkname]);
    if (format === 'pax') {
      records.push(
        ['uid', String(entry.uid)],
        ['uname', entry.uname],
        ['mtime', `${entry.mtime}${entry.fraction}`],
      );
      records.push(['SCHILY.xattr.user.n', Buffer.from('00ff0a3d', 'hex')]);
    }
    if (records.length > 0) lead.push(pax(records));
  }
  return [...lead, whole, padded(entry.body)];
}

function split(name: Buffer): { fitting: Buffer; prefix?: Buffer } {
  if (name.length <= 100) return { fitting: name };
  for (let at = Math.min(155, name.length - 2); at > 0; at--) {
    if (name[at] !== 0x2f || name.length - at - 1 > 100) continue;
    return { fitting: name.subarray(at + 1), prefix: name.subarray(0, at) };
  }
  return { fitting: name };
}

const TAR_STREAM_TYPES = {
  '1': 'link',
  '2': 'symlink',
  '3': 'character-device',
  '5': 'directory',
  '6': 'fifo',
  '7': 'contiguous-file',
} as const;

async function writeByTarStream(entries: readonly Wanted[]): Promise<Buffer> {
  const archive = pack();
  for (const { typeflag, ...entry } of entries) {
    const type = TAR_STREAM_TYPES[typeflag as keyof typeof TAR_STREAM_TYPES] ?? 'file';
    const headers = {
      ...entry,
      type: type as 'file',
      name: entry.name.toString(),
      linkname: entry.linkname.toString(),
      // Later ones it writes as "-1".
      mtime: new Date(Math.min(entry.mtime, 2 ** 31 - 1) * 1000),
      gname: entry.uname,
      size: entry.body.length,
    };
    archive.entry(headers, entry.body);
  }
  archive.finalize();
  return buffer(archive);
}
