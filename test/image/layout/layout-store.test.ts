import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/image/digest.js';
import { LayoutStore } from '../../../src/image/layout/layout-store.js';
import type { AssembledImage, Index } from '../../../src/image/manifest.js';
import { assemble, blobOf, CHUNKS, failing, layerOf } from '../images.js';

let folder: string;
let layout: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  layout = join(folder, 'deep', 'layout');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const all = async (path = layout): Promise<string[]> =>
  (await readdir(path, { recursive: true })).sort();

async function write(
  names: readonly string[],
  ...architectures: string[]
): Promise<AssembledImage> {
  const store = await LayoutStore.create(layout);
  try {
    const image = await assemble(store, architectures.length > 0 ? architectures : undefined);
    await store.finish(image, names);
    return image;
  } finally {
    await store.close();
  }
}

const index = async (): Promise<Index> =>
  JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as Index;
const names = async (): Promise<unknown[]> =>
  (await index()).manifests.map(({ digest, annotations }) => [
    annotations?.['io.containerd.image.name'],
    digest,
  ]);

describe('a layout folder', () => {
  it('has the blobs, the index and the version, and makes the folders above', async () => {
    const { images, descriptor } = await write(['app']);
    const [image] = images;
    const blobs = [image?.manifest.layers[0], image?.manifest.config, descriptor];
    const paths = blobs.map((blob) => `blobs/sha256/${blob?.digest.slice(7)}`);
    expect(await all()).toEqual(
      ['blobs', 'blobs/sha256', ...paths, 'index.json', 'oci-layout'].sort(),
    );
    for (const blob of blobs) {
      const bytes = await readFile(join(layout, `blobs/sha256/${blob?.digest.slice(7)}`));
      expect([digestOf(bytes), bytes.length]).toEqual([blob?.digest, blob?.size]);
    }
    expect(await readFile(join(layout, 'oci-layout'), 'utf8')).toBe(
      '{"imageLayoutVersion":"1.0.0"}',
    );
  });

  it('keeps the images of other names, and gives a name to the newest', async () => {
    const [one, two] = [await write(['app:1']), await write(['app:2'], 'arm64')];
    await write([], 's390x');
    const three = await write([], 's390x');
    const newest = await write(['app:1'], 'riscv64');
    expect(one.descriptor.digest).not.toBe(newest.descriptor.digest);
    expect(await names()).toEqual([
      ['docker.io/library/app:2', two.descriptor.digest],
      [undefined, three.descriptor.digest],
      ['docker.io/library/app:1', newest.descriptor.digest],
    ]);
  });

  it('keeps the images of all who write into it at once', async () => {
    const all = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const stores = await Promise.all(all.map(() => LayoutStore.create(layout)));
    const images: AssembledImage[] = [];
    for (const store of stores) images.push(await assemble(store));
    await Promise.all(
      stores.map((store, at) => store.finish(images[at] as AssembledImage, [all[at] as string])),
    );
    for (const store of stores) await store.close();
    expect((await names()).map((entry) => (entry as unknown[])[0]).sort()).toEqual(
      all.map((name) => `docker.io/library/${name}:latest`),
    );
    expect(await readdir(layout)).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  it('isn’t kept locked by a process that was killed', async () => {
    await write(['one']);
    const lock = join(layout, 'index.json.lock');
    await writeFile(lock, '');
    await utimes(lock, 1, 1);
    await write(['two']);
    expect((await names()).length).toBe(2);
  });

  it('that isn’t finished leaves nothing, neither folders nor what others had not', async () => {
    const store = await LayoutStore.create(layout);
    await assemble(store);
    await store.close();
    await store.close();
    expect(await all(folder)).toEqual([]);
    await write(['app']);
    const before = await all();
    const again = await LayoutStore.create(layout);
    await assemble(again, ['amd64', 'arm64']);
    await again.close();
    expect(await all()).toEqual(before);
  });

  it('may be empty before, but not hold other things', async () => {
    await mkdir(layout, { recursive: true });
    await write(['app']);
    await writeFile(join(folder, 'file'), '');
    const failed = { kind: 'output', code: 'OUTPUT_FAILED' };
    await expect(LayoutStore.create(folder)).rejects.toMatchObject({
      ...failed,
      message: `writing ${folder}: the folder is neither empty nor a layout`,
    });
    await expect(LayoutStore.create(join(folder, 'file'))).rejects.toMatchObject({
      ...failed,
      message: `writing ${join(folder, 'file')}: it is not a folder`,
    });
  });

  it('can’t be where nothing can be made, which takes no time', async (context) => {
    if (!existsSync('/proc/self')) context.skip();
    await expect(LayoutStore.create('/proc/dockerception/layout')).rejects.toMatchObject({
      message: 'writing /proc/dockerception/layout: the folder it belongs into is not there',
    });
  });

  it('whose index is damaged is not written to', async () => {
    await write(['app']);
    await writeFile(join(layout, 'index.json'), '{"manifests":5}');
    const before = await all();
    await expect(write(['other'], 'arm64')).rejects.toMatchObject({
      kind: 'output',
      message: `reading ${join(layout, 'index.json')}: it has no list of manifests`,
    });
    expect(await all()).toEqual(before);
  });
});

describe('the blobs of a layout folder', () => {
  const layer = layerOf({ a: 'x'.repeat(5000) });

  it.each(CHUNKS)('are the same in chunks of %i bytes that are used again', async (size) => {
    const store = await LayoutStore.create(layout);
    const descriptor = await store.put(blobOf(layer, size), 'a/b');
    expect(descriptor).toEqual({ mediaType: 'a/b', size: layer.length, digest: digestOf(layer) });
    expect(await buffer(await store.open(descriptor))).toEqual(layer);
    await store.close();
  });

  it('that fail leave nothing', async () => {
    const store = await LayoutStore.create(layout);
    await expect(store.put(failing(layer), 'a/b')).rejects.toThrow('the producer broke');
    expect(await all()).toEqual([expect.stringMatching(/^\.dockerception\.partial-[0-9a-f-]+$/)]);
    await store.close();
  });

  it('are checked when they come from elsewhere, and not fetched when they are there', async () => {
    const store = await LayoutStore.create(layout);
    const right = { mediaType: 'a/b', size: layer.length, digest: digestOf(layer) };
    const from = { open: () => Promise.resolve(Readable.from([layer])) };
    const wrong = { ...right, digest: digestOf('other') };
    await expect(store.copy(wrong, from)).rejects.toMatchObject({ code: 'BLOB_DIGEST' });
    await store.copy(right, from);
    await store.copy(right, { open: () => Promise.reject(new Error('asked again')) });
    const names = (await all()).map((path) => path.split('/').at(-1));
    expect(names.filter((name) => name === right.digest.slice(7))).toHaveLength(1);
    await store.close();
  });

  it('appear when the image is finished, so that another build doesn’t lose what this one removes', async () => {
    const [failing, good] = [await LayoutStore.create(layout), await LayoutStore.create(layout)];
    await assemble(failing);
    const image = await assemble(good);
    await good.finish(image, ['app']);
    await failing.close();
    await good.close();
    const { config, layers } = (image.images[0] as (typeof image.images)[number]).manifest;
    for (const { digest } of [config, ...layers, image.descriptor])
      expect(await all()).toContain(`blobs/sha256/${digest.slice(7)}`);
  });
});
