/** One content, one image ID: whatever the tar was like, and whoever builds, wherever. */
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, type BuildOptions } from '../../../src/index.js';
import { inChunks } from '../../support/filter.js';
import { cleanEnvironment } from '../../support/process/cli.js';
import { readTar } from '../../support/read-tar.js';
import { long, member, pax, tar } from '../../support/write-tar.js';

const BIN = fileURLToPath(new URL('../../../bin/dockerception.js', import.meta.url));
const OLD = 1_600_000_000;
const NEWEST = 1_700_000_000;
const DOCKERFILE = 'FROM scratch\nCOPY . /app/\nCMD ["/app/run"]\n';
const DEEP = `dir/${'d'.repeat(90)}/${'f'.repeat(90)}`;

interface Item {
  readonly name: string;
  readonly typeflag?: string;
  readonly mode?: number;
  readonly body?: string;
  readonly linkname?: string;
  readonly mtime?: number;
}

const ITEMS: readonly Item[] = [
  { name: 'Dockerfile', body: DOCKERFILE },
  { name: 'dir', typeflag: '5', mode: 0o750 },
  { name: `dir/${'d'.repeat(90)}`, typeflag: '5', mode: 0o755 },
  { name: DEEP, body: 'deep' },
  { name: 'dir/file', body: 'content\n'.repeat(100), mode: 0o640, mtime: NEWEST },
  { name: 'run', body: '#!/bin/sh\n', mode: 0o4755 },
  { name: 'empty' },
  { name: 'link', typeflag: '2', linkname: 'dir/file', mode: 0o777 },
  { name: 'größe', body: 'groß' },
  { name: 'zz-hard', typeflag: '1', linkname: 'run', mode: 0o4755 },
];

type Write = (item: Item) => Buffer;

/** Owners, names and times beside the mtime are the builder's own: none of it may matter. */
const FORMATS: Readonly<Record<string, Write>> = {
  ustar: (item) => {
    const slash = item.name.length > 100 ? item.name.lastIndexOf('/') : -1;
    const split =
      slash < 0 ? {} : { prefix: item.name.slice(0, slash), name: item.name.slice(slash + 1) };
    return member({ mtime: OLD, ...item, ...split });
  },
  gnu: (item) => {
    const header = member({ mtime: OLD, magic: 'gnu', uid: 0, gid: 0, uname: 'root', ...item });
    return item.name.length > 100 ? Buffer.concat([long('L', item.name), header]) : header;
  },
  pax: (item) => {
    const { mtime = OLD, name } = item;
    const records: [string, string][] = [
      ['mtime', `${mtime}.987654321`],
      ['atime', '1750000000.5'],
      ['ctime', '1750000000.5'],
      ['uid', '3000000000'],
      ['path', name],
    ];
    return Buffer.concat([pax(records), member({ ...item, mtime, name: name.slice(0, 50) })]);
  },
  'base-256': (item) =>
    Buffer.concat([
      item.name.length > 100 ? long('L', item.name) : Buffer.alloc(0),
      member({ mtime: OLD, magic: 'gnu', base256: true, uid: 197_609, gid: 197_121, ...item }),
    ]),
};

const written = (items: readonly Item[], write: Write = FORMATS['ustar'] as Write): Buffer =>
  tar(...items.map(write));

let folder = '';
let wanted = '';
beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-same-'));
  wanted = await idOf(written(ITEMS));
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

async function idOf(
  context: Buffer,
  chunk: number | readonly number[] = 64 * 1024,
  options: Partial<BuildOptions> = {},
): Promise<string> {
  const { imageId } = await build({
    context: inChunks(context, chunk),
    engine: 'embedded',
    env: {},
    outputs: [{ type: 'oci', dest: path.join(folder, 'image.tar'), attributes: {} }],
    ...options,
  });
  expect(imageId).toMatch(/^sha256:[0-9a-f]{64}$/);
  return imageId;
}

/** The image's configuration, out of the archive that was written last. */
function config(): { created: string; history: { created: string }[] } {
  const { entries } = readTar(fs.readFileSync(path.join(folder, 'image.tar')));
  const read = (name: string): unknown =>
    JSON.parse(entries.find((entry) => entry.name === name)?.body.toString() as string);
  const [manifest] = read('manifest.json') as { Config: string }[];
  return read(manifest?.Config as string) as { created: string; history: { created: string }[] };
}

describe('the image ID', () => {
  test.each(Object.keys(FORMATS))('is the same for a tar as %s', async (format) => {
    expect(await idOf(written(ITEMS, FORMATS[format]))).toBe(wanted);
  });

  test.each([[1], [7], [511], [512], [513], [1, 4096, 3]])(
    'is the same in chunks of %j',
    async (...sizes) => {
      expect(await idOf(written(ITEMS, FORMATS['pax']), sizes)).toBe(wanted);
    },
  );

  test('is the same whatever the order of the entries', async () => {
    // A hard link follows what it links to.
    const rest = ITEMS.slice(0, -1);
    const last = ITEMS.at(-1) as Item;
    for (const items of [rest.toReversed(), rest.toSorted((a, b) => (a.name < b.name ? 1 : -1))])
      expect(await idOf(written([...items, last]))).toBe(wanted);
  });

  test('is the same whichever name of a file with two comes first', async () => {
    const swapped = ITEMS.map((item): Item => {
      if (item.name === 'run') return { ...item, name: 'zz-hard' };
      return item.typeflag === '1' ? { ...item, name: 'run', linkname: 'zz-hard' } : item;
    });
    expect(await idOf(written(swapped))).toBe(wanted);
  });

  test('is the same with ./ in front, slashes behind, and directories told twice', async () => {
    const dotted = ITEMS.map((item) => ({ ...item, name: `./${item.name}` }));
    expect(await idOf(written(dotted))).toBe(wanted);
    const slashed = ITEMS.map((item) =>
      item.typeflag === '5' ? { ...item, name: `${item.name}/` } : item,
    );
    expect(await idOf(written(slashed))).toBe(wanted);
    expect(await idOf(written([...ITEMS, ...ITEMS.slice(1, 3)]))).toBe(wanted);
  });

  test('is the same however new the root is: a tar that is written into it changes it', async () => {
    const root: Item = { name: './', typeflag: '5', mode: 0o755, mtime: NEWEST + 1000 };
    expect(await idOf(written([root, ...ITEMS]))).toBe(wanted);
  });

  test('is that of the last entry of a name', async () => {
    const earlier: Item[] = [
      { name: 'dir/file', body: 'other', mode: 0o777 },
      { name: 'empty', typeflag: '2', linkname: '/etc' },
      { name: 'dir', typeflag: '5', mode: 0o700, mtime: 1 },
    ];
    expect(await idOf(written([...earlier, ...ITEMS]))).toBe(wanted);
    const later = [...ITEMS, { name: 'empty', body: 'no longer' }];
    expect(await idOf(written(later))).not.toBe(wanted);
  });

  test('is the same for directories that nobody tells of, in any order', async () => {
    const files = ITEMS.filter(({ typeflag }) => typeflag === undefined);
    const one = await idOf(written(files));
    expect(await idOf(written(files.toReversed()))).toBe(one);
    expect(await idOf(written(files, FORMATS['gnu']))).toBe(one);
  });

  test.each(['gzip', 'zstd', 'xz', 'bzip2'])(
    'is the same for a context through %s',
    async (program) => {
      const packed = execFileSync(program, ['-qc'], { input: written(ITEMS) });
      expect(await idOf(packed)).toBe(wanted);
      expect(await idOf(packed, 1)).toBe(wanted);
    },
  );

  test('is the same for a directory with hard links and FIFOs as for its tar', async () => {
    const root = path.join(folder, 'context');
    fs.mkdirSync(root);
    const bytes = written([...ITEMS, { name: 'fifo', typeflag: '6' }]);
    execFileSync('tar', ['-xp', '--no-same-owner', '-C', root], { input: bytes });
    const packed = await idOf(Buffer.alloc(0), 1, { context: root });
    expect(packed).toBe(await idOf(bytes));
    // The name of a file that its folder lists first has the content, the others are hard links.
    expect(packed).toBe(await idOf(execFileSync('tar', ['-c', '-C', root, '.'])));
    expect(packed).not.toBe(wanted);
  });

  test('is the same whatever the layers are compressed with', async () => {
    for (const type of ['gzip', 'zstd', 'none'] as const)
      expect(await idOf(written(ITEMS), undefined, { compression: { type } })).toBe(wanted);
  });

  test('is another when anything of the content is', async () => {
    const ids = new Set([wanted]);
    const changes: Partial<Item>[] = [{ body: 'other\n' }, { mode: 0o755 }, { mtime: OLD + 1 }];
    for (const change of changes)
      ids.add(
        await idOf(
          written(ITEMS.map((item) => (item.name === 'dir/file' ? { ...item, ...change } : item))),
        ),
      );
    expect(ids.size).toBe(1 + changes.length);
  });
});

describe('the date of an image', () => {
  test('is that of the newest entry', async () => {
    await idOf(written(ITEMS, FORMATS['pax']));
    const iso = new Date(NEWEST * 1000).toISOString().replace('.000Z', 'Z');
    expect(config().created).toBe(iso);
    for (const { created } of config().history) expect(created).toBe(iso);
  });

  test('is SOURCE_DATE_EPOCH when that is set, and so is the latest time of its files', async () => {
    const env = { SOURCE_DATE_EPOCH: String(OLD) };
    await idOf(written(ITEMS), undefined, { env, clampMtime: OLD });
    expect(config().created).toBe(new Date(OLD * 1000).toISOString().replace('.000Z', 'Z'));
  });

  test.each([
    ['late', 253_402_300_800, '9999-12-31T23:59:59Z'],
    ['late for a Date', 10_000_000_000_000, '9999-12-31T23:59:59Z'],
    ['early', -62_167_219_201, '0000-01-01T00:00:00Z'],
  ])('has a year of four digits when the newest entry is too %s', async (_, mtime, date) => {
    const write = FORMATS['base-256'] as Write;
    await idOf(written([{ name: 'Dockerfile', body: DOCKERFILE, mtime }], write));
    expect(config().created).toBe(date);
  });
});

describe('the tool', () => {
  /** Runs it as a process of its own. */
  const run = (env: NodeJS.ProcessEnv, umask: string, input = written(ITEMS)): string => {
    const temporary = fs.mkdtempSync(path.join(folder, 'run-'));
    const script = `umask ${umask}; exec "$@" --engine embedded -q -o image.tar`;
    const { status, stdout, stderr } = spawnSync(
      'sh',
      ['-c', script, 'sh', process.execPath, BIN],
      {
        cwd: temporary,
        env: { ...cleanEnvironment(temporary), ...env },
        input,
      },
    );
    expect(stderr.toString()).toBe('');
    expect(status).toBe(0);
    return stdout.toString().trim();
  };

  test.each<[NodeJS.ProcessEnv, string]>([
    [{}, '022'],
    [{ TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }, '077'],
    [{ TZ: 'America/St_Johns', LANG: 'C', USER: 'nobody', HOSTNAME: 'elsewhere' }, '000'],
  ])('gives the same image ID with %j and the umask %s', (env, umask) => {
    expect(run(env, umask)).toBe(wanted);
  });

  test('goes by SOURCE_DATE_EPOCH', () => {
    const early = run({ SOURCE_DATE_EPOCH: String(OLD) }, '022');
    expect(early).not.toBe(wanted);
    expect(run({ SOURCE_DATE_EPOCH: String(OLD), TZ: 'Asia/Tokyo' }, '077')).toBe(early);
    // What is newer than it is dated by it.
    const items = ITEMS.map((item) => ({ ...item, mtime: item.mtime ?? NEWEST + 5 }));
    expect(run({ SOURCE_DATE_EPOCH: String(OLD) }, '022', written(items))).toBe(early);
  });
});
