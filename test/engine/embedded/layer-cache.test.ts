/** A repeated build uses the compressed layers of an earlier one, and gives the same bytes. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addImage, fakeRegistry } from '../../image/registry/fake.js';
import { useSharedProcess } from '../../support/process/shared-process.js';
import { readTar } from '../../support/read-tar.js';
import { member, tar } from '../../support/write-tar.js';

const run = useSharedProcess();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-cache-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const layers = (): string => join(folder, 'dockerception/layers');

/** Text in which no 40 bytes are equal. */
const text = (length: number, seed = 0): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.ceil(length / 40) }, (_, line) =>
      Buffer.from(`${seed} line ${line} `.padEnd(39, 'and so on ') + '\n'),
    ),
    length,
  );

const SMALL = [2_000_000, 300_000];
/** The layer of a file of 8 MiB is written before the context ends, unless it is cached. */
const LARGE = [9_000_000, 300_000, 10_000_000];

const context = (sizes: readonly number[], seed = 0): Buffer =>
  tar(
    member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY lib /lib\nCOPY app /app\n', mtime: 1 }),
    ...sizes.map((size, at) => member({ name: `lib/f${at}`, body: text(size, at), mtime: 1 })),
    member({ name: 'app/main', body: text(1_500_000, seed), mtime: 1 }),
  );

/** The bytes of the archive. */
async function build(input: Buffer, ...more: readonly string[]): Promise<Buffer> {
  const dest = join(folder, 'image.tar');
  const args = ['--engine', 'embedded', '--platform', 'linux/amd64', '-q', '-t', 'x', '-o', dest];
  const env = { XDG_CACHE_HOME: folder };
  const { code, stderr } = await run([...args, ...more], { input, env });
  expect(code, stderr).toBe(0);
  expect(stderr).toBe('');
  return readFileSync(dest);
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Replaces the compressed bytes of every cached layer by others of the same layer, and returns their paths in an
 * archive.
 */
function recompress(): string[] {
  return readdirSync(layers()).map((name) => {
    const path = join(layers(), name);
    const other = gzipSync(gunzipSync(readFileSync(path)), { level: 9 });
    writeFileSync(path, other);
    const [diff, , ...rest] = name.split('_');
    renameSync(path, join(layers(), [diff, sha256(other), ...rest].join('_')));
    return `blobs/sha256/${sha256(other)}`;
  });
}

const namesIn = (archive: Buffer): string[] => readTar(archive).entries.map(({ name }) => name);

describe.each([
  ['small files', SMALL],
  ['large files', LARGE],
])('the layers of %s', (_, sizes) => {
  it('are taken from the cache, with the same bytes', async () => {
    const first = await build(context(sizes));
    expect(readdirSync(layers())).toHaveLength(2);
    expect((await build(context(sizes))).equals(first)).toBe(true);
    const others = recompress();
    expect(namesIn(await build(context(sizes)))).toEqual(expect.arrayContaining(others));
    // With --no-cache the cache has no effect.
    expect((await build(context(sizes), '--no-cache')).equals(first)).toBe(true);
  });

  it('are taken one by one where another has changed', async () => {
    await build(context(sizes));
    const others = recompress();
    const names = namesIn(await build(context(sizes, 5)));
    expect(others.filter((name) => names.includes(name))).toHaveLength(1);
    expect(readdirSync(layers())).toHaveLength(3);
  });

  it('are compressed again where the cache is damaged', async () => {
    const first = await build(context(sizes));
    for (const name of readdirSync(layers())) {
      const path = join(layers(), name);
      writeFileSync(path, readFileSync(path).fill('x', 1000, 1001));
    }
    expect((await build(context(sizes))).equals(first)).toBe(true);
    expect((await build(context(sizes))).equals(first)).toBe(true);
  });
});

it('is in the folder of --cache-dir, with the layers of bases', async () => {
  const registry = await fakeRegistry();
  try {
    addImage(registry, 'base', 'latest', [tar(member({ name: 'base', body: 'b' }))]);
    const input = tar(
      member({ name: 'Dockerfile', body: `FROM ${registry.address}/base\nCOPY f /\n` }),
      member({ name: 'f', body: text(2_000_000) }),
    );
    const cache = join(folder, 'other/place');
    const first = await build(input, '--cache-dir', cache);
    expect(readdirSync(cache).sort()).toEqual(['blobs', 'layers']);
    expect(readdirSync(join(cache, 'layers'))).toHaveLength(1);
    expect(readdirSync(folder).sort()).toEqual(['image.tar', 'other']);
    expect((await build(input, '--cache-dir', cache)).equals(first)).toBe(true);
  } finally {
    await registry.close();
  }
});

it('is not used by a build without the cache', async () => {
  await build(context(SMALL), '--no-cache');
  expect(readdirSync(folder)).toEqual(['image.tar']);
});
