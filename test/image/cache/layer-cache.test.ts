import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Compression } from '../../../src/compression/compress.js';
import { ArchiveStore } from '../../../src/image/archive/archive-store.js';
import { LayerCache, type LayerShape, shapeOf } from '../../../src/image/cache/layer-cache.js';
import { type StoredLayer, writeLayer } from '../../../src/image/layer.js';
import type { Blob } from '../../../src/image/store.js';

const GZIP: Compression = { type: 'gzip' };
/** Compressible, and larger than what is not worth it. */
const TAR = Buffer.alloc(3 << 20, 'all work and no play makes Jack a dull boy\n');
const LARGE = 9_000_000;
const SHAPE = shapeOf([1_000_000, LARGE]);

let home: string;
let folder: string;
let notices: string[];
let stores: ArchiveStore[];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'dockerception-layers-'));
  folder = join(home, 'dockerception', 'layers');
  [notices, stores] = [[], []];
});
afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(home, { recursive: true, force: true });
});

const cacheOf = (compression = GZIP): LayerCache =>
  LayerCache.of({ env: { XDG_CACHE_HOME: home } }, compression, (message) =>
    notices.push(message),
  ) as LayerCache;

async function newStore(): Promise<ArchiveStore> {
  const store = await ArchiveStore.temporary();
  stores.push(store);
  return store;
}

async function* tarOf(bytes = TAR, size = 100_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const unread = (): never => expect.unreachable('the tar was read');

/** Writes a layer and stores it in the cache. */
async function added(compression = GZIP, bytes = TAR): Promise<[StoredLayer, Buffer]> {
  const store = await newStore();
  const layer = await writeLayer(store, tarOf(bytes), compression);
  await cacheOf(compression).add(layer, SHAPE, store);
  return [layer, await buffer(await store.open(layer.descriptor))];
}

const copyOf = ({ descriptor, diffId }: StoredLayer): unknown => ({ descriptor, diffId });

const found = async (
  bytes = TAR,
  compression = GZIP,
): Promise<Omit<StoredLayer, 'size'> | undefined> =>
  cacheOf(compression).find(await newStore(), SHAPE, () => tarOf(bytes), bytes.length);

describe('the cache of layers', () => {
  it.each([GZIP, { type: 'zstd' }, { type: 'gzip', level: 9 }] as const)(
    'copies a layer of %j to the store',
    async (compression) => {
      const [layer, blob] = await added(compression);
      const store = await newStore();
      const copied = await cacheOf(compression).find(store, SHAPE, () => tarOf(), TAR.length);
      expect(copied).toEqual(copyOf(layer));
      expect((await buffer(await store.open(layer.descriptor))).equals(blob)).toBe(true);
      expect(notices).toEqual([]);
    },
  );

  it('knows nothing in the beginning, and creates no folder', async () => {
    expect(await cacheOf().find(await newStore(), SHAPE, unread, TAR.length)).toBeUndefined();
    expect(await cacheOf().mayHave(LARGE)).toBe(false);
    expect(readdirSync(home)).toEqual([]);
  });

  it('does not read the tar of a layer whose contents have another size', async () => {
    await added();
    for (const shape of [shapeOf([1_000_001, LARGE]), shapeOf([1_000_001, LARGE - 1])])
      expect(await cacheOf().find(await newStore(), shape, unread, TAR.length)).toBeUndefined();
    expect(await cacheOf().mayHave(LARGE)).toBe(true);
    for (const size of [LARGE - 1, 1_000_000]) expect(await cacheOf().mayHave(size)).toBe(false);
  });

  it('does not read the tar of a layer with a known recipe', async () => {
    const [{ descriptor, diffId }] = await added();
    const withRecipe = (digit: string): LayerShape => ({ ...SHAPE, recipe: digit.repeat(48) });
    const find = async (shape: LayerShape, tar: () => Blob): Promise<unknown> =>
      cacheOf().find(await newStore(), shape, tar, TAR.length);
    await expect(find(withRecipe('1'), unread)).rejects.toThrow('the tar was read');
    // It is found by its bytes, and from then on by its last recipe.
    for (const digit of ['1', '2']) {
      expect(await find(withRecipe(digit), tarOf)).toEqual({ descriptor, diffId });
      expect(await find(withRecipe(digit), unread)).toEqual({ descriptor, diffId });
    }
    await expect(find(withRecipe('1'), unread)).rejects.toThrow('the tar was read');
    expect(await found()).toEqual({ descriptor, diffId });
    expect(readdirSync(folder)).toHaveLength(1);
    expect(notices).toEqual([]);
  });

  it('has no layer with other bytes of the same size, or with another compression', async () => {
    await added();
    expect(await found(Buffer.from(TAR).fill('x', 5, 6))).toBeUndefined();
    expect(await found(TAR, { type: 'gzip', level: 3 })).toBeUndefined();
    expect(await found(TAR, { type: 'zstd' })).toBeUndefined();
  });

  it.each([
    ['other bytes', (blob: Buffer) => Buffer.from(blob).fill('x', 100, 101)],
    ['fewer bytes', (blob: Buffer) => blob.subarray(1)],
    ['more bytes', (blob: Buffer) => Buffer.concat([blob, blob])],
    ['nothing', () => Buffer.alloc(0)],
  ])('never uses a file with %s, and leaves nothing of it in the store', async (_, damage) => {
    const [layer, blob] = await added();
    const [name = ''] = readdirSync(folder);
    writeFileSync(join(folder, name), damage(blob));
    const store = await newStore();
    const before = await buffer(store.read());
    expect(await cacheOf().find(store, SHAPE, () => tarOf(), TAR.length)).toBeUndefined();
    expect((await buffer(store.read())).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
    expect((await added())[0]).toEqual(layer);
    expect(await found()).toEqual(copyOf(layer));
  });

  it('stores neither small layers nor those that hardly shrink', async () => {
    const store = await newStore();
    const layer = await writeLayer(store, tarOf(), GZIP);
    await cacheOf().add(layer, shapeOf([1000]), store);
    await added(GZIP, randomBytes(2 << 20));
    expect(existsSync(folder)).toBe(false);
  });

  it('is no cache for layers that are not compressed, or without a place', () => {
    const notice = (): void => undefined;
    expect(LayerCache.of({ env: { HOME: home } }, { type: 'none' }, notice)).toBeUndefined();
    expect(LayerCache.of({ env: { XDG_CACHE_HOME: 'relative' } }, GZIP, notice)).toBeUndefined();
    expect(LayerCache.of({ env: { HOME: home } }, GZIP, notice)).toBeDefined();
  });

  it('reports why a layer is not cached, and goes on', async () => {
    mkdirSync(dirname(folder));
    writeFileSync(folder, 'a file in its place');
    await added();
    expect(notices).toEqual([
      `a layer is not cached: writing ${folder}: a file is where a folder has to be`,
    ]);
    expect(await found()).toBeUndefined();
    expect(readFileSync(folder, 'utf8')).toBe('a file in its place');
  });

  it('removes the layers that were not used for longest beyond 2 GiB', async () => {
    await added();
    const [name = ''] = readdirSync(folder);
    /** A file without blocks on the disk. */
    const create = (other: string, size: number, time: number): string => {
      const path = join(folder, other);
      writeFileSync(path, '');
      truncateSync(path, size);
      utimesSync(path, time, time);
      return path;
    };
    const named = (digit: string): string => digit.repeat(64) + name.slice(64);
    const foreign = create('of somebody else', 2 ** 31, 1);
    const oldest = create(named('1'), 2 ** 20, 1);
    const older = create(named('2'), 2 ** 31 - 2 ** 20, 2);
    const newer = create(named('3'), 2 ** 19, 3);
    await added();
    expect([foreign, oldest, older, newer].map((path) => existsSync(path))).toEqual([
      true,
      false,
      true,
      true,
    ]);
    expect(await found()).toBeDefined();
  });

  it('is written and read by several at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const [layer] = await added();
        return [copyOf(layer), await found()];
      }),
    );
    for (const [layer, copied] of results) expect(copied).toEqual(layer);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(notices).toEqual([]);
  });
});
