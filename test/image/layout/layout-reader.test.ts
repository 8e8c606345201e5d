import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Descriptor } from '../../../src/image/descriptor.js';
import type { ImageChoice } from '../../../src/image/image-choice.js';
import { openLayout } from '../../../src/image/layout/layout-reader.js';
import { LayoutStore } from '../../../src/image/layout/layout-store.js';
import type { AssembledImage } from '../../../src/image/manifest.js';
import { assemble } from '../images.js';

let layout: string;
beforeEach(async () => {
  layout = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(layout, { recursive: true, force: true }));

/** Adds an image of these architectures under these names. */
const amd64 = { os: 'linux', architecture: 'amd64' };

async function add(names: readonly string[], ...architectures: string[]): Promise<AssembledImage> {
  const store = await LayoutStore.create(layout);
  const image = await assemble(store, architectures);
  await store.finish(image, names);
  await store.close();
  return image;
}

/** The architecture of the image that is found. */
async function find(choice: ImageChoice = {}, architecture = 'amd64'): Promise<string> {
  return (await openLayout(layout, choice, { os: 'linux', architecture })).config.architecture;
}

const fileOf = ({ digest }: Descriptor): string => join(layout, 'blobs/sha256', digest.slice(7));

/** Writes the index anew. */
async function index(change: (manifests: Descriptor[]) => unknown): Promise<void> {
  const path = join(layout, 'index.json');
  const json = JSON.parse(await readFile(path, 'utf8')) as { manifests: Descriptor[] };
  await writeFile(path, JSON.stringify({ ...json, manifests: change(json.manifests) }));
}

describe('the image of a layout', () => {
  it('has its configuration, its layers and their bytes', async () => {
    const made = await add(['app'], 'amd64');
    const image = await openLayout(layout, {}, amd64);
    expect(image).toMatchObject({
      name: layout,
      config: { architecture: 'amd64' },
      layers: made.images[0]?.manifest.layers,
    });
    const [layer] = image.layers as [Descriptor];
    expect(await buffer(await image.blobs.open(layer))).toEqual(await readFile(fileOf(layer)));
  });

  it('has OCI’s media types where Docker’s are written', async () => {
    await add(['app'], 'amd64');
    const docker = 'application/vnd.docker.distribution.manifest.v2+json';
    await index((manifests) => manifests.map((one) => ({ ...one, mediaType: docker })));
    const { layers } = await openLayout(layout, {}, amd64);
    expect(layers[0]?.mediaType).toBe('application/vnd.oci.image.layer.v1.tar');
  });
});

describe('which image of a layout is meant', () => {
  it('needs no name when there is one, be it under several names', async () => {
    await add(['app:1', 'app:2'], 'amd64');
    expect(await find()).toBe('amd64');
  });

  it.each(['1', 'app:1', 'docker.io/library/app:1', 'library/app:1'])(
    'is told by its name as %s',
    async (name) => {
      await add(['app:1'], 'amd64');
      await add(['app:2', 'reg.example/app:3'], 'arm64');
      expect(await find({ name })).toBe('amd64');
      expect(await find({ name: 'reg.example/app:3' })).toBe('arm64');
    },
  );

  it('is told by its digest, of an index or of a manifest in one', async () => {
    const { descriptor, images } = await add(['app'], 'amd64', 'arm64');
    await add(['other'], 's390x');
    expect(await find({ digest: descriptor.digest }, 'arm64')).toBe('arm64');
    expect(await find({ digest: images[1]?.descriptor.digest })).toBe('arm64');
    await expect(find({ digest: `sha256:${'0'.repeat(64)}` })).rejects.toMatchObject({
      kind: 'usage',
      code: 'IMAGE_NOT_FOUND',
      hint: expect.stringContaining(descriptor.digest) as string,
    });
  });

  it('is the one called latest where there are several, else nobody knows', async () => {
    await add(['app:1'], 'arm64');
    await add(['app:latest'], 'amd64');
    expect(await find()).toBe('amd64');
    await add(['other:latest'], 's390x');
    await expect(find()).rejects.toMatchObject({
      kind: 'usage',
      code: 'IMAGE_AMBIGUOUS',
      hint: `name one after a colon: docker.io/library/app:1, docker.io/library/app:latest, docker.io/library/other:latest`,
    });
    await expect(find({ name: 'latest' })).rejects.toMatchObject({ code: 'IMAGE_AMBIGUOUS' });
  });

  it('that isn’t there is an error that names those there are', async () => {
    await add(['app:1'], 'amd64');
    await expect(find({ name: 'ap\u001bp:2' })).rejects.toMatchObject({
      kind: 'usage',
      code: 'IMAGE_NOT_FOUND',
      message: `reading ${layout}: it has no image named ap\\x1bp:2`,
      hint: 'it has docker.io/library/app:1',
    });
  });
});

describe('the platform of a layout’s image', () => {
  it('is chosen from its index, or from the layout’s own where that has the platforms', async () => {
    const { images } = await add(['app'], 's390x', 'arm64', 'amd64');
    for (const name of ['amd64', 'arm64', 's390x']) expect(await find({}, name)).toBe(name);
    await index(() => images.map(({ descriptor }) => descriptor));
    for (const name of ['amd64', 'arm64', 's390x']) expect(await find({}, name)).toBe(name);
  });

  it('that isn’t there is an error that names those there are', async () => {
    await add(['app'], 's390x', 'arm64');
    await expect(find({}, 'riscv64')).rejects.toMatchObject({
      kind: 'build',
      code: 'PLATFORM_UNKNOWN',
      message: `reading ${layout}: it is not there for linux/riscv64`,
      hint: 'it is there for linux/s390x, linux/arm64',
    });
  });

  it('is not looked at where there is only one image', async () => {
    await add(['app'], 'arm64');
    expect(await find({}, 'amd64')).toBe('arm64');
  });
});

describe('a damaged layout', () => {
  it('without an index is none', async () => {
    await expect(find()).rejects.toMatchObject({
      kind: 'usage',
      message: `reading ${layout}: it is not a layout: there is no index.json in it`,
    });
  });

  it('is refused where a document or a layer has other bytes, or isn’t there', async () => {
    const { images } = await add(['app'], 'amd64');
    const [image] = images;
    if (image === undefined) throw new Error('no image');
    const layer = image.manifest.layers[0] as Descriptor;
    const { blobs } = await openLayout(layout, {}, amd64);
    await truncate(fileOf(layer), 100);
    const damaged = { kind: 'build', code: 'BLOB_DIGEST' };
    await expect(blobs.open(layer).then(buffer)).rejects.toMatchObject(damaged);
    await rm(fileOf(layer));
    await expect(blobs.open(layer)).rejects.toMatchObject({
      kind: 'build',
      code: 'IMAGE_INVALID',
      message: `reading ${layout}: blob ${layer.digest} is not in it`,
    });
    for (const document of [image.manifest.config, image.descriptor]) {
      await writeFile(fileOf(document), '{}');
      await expect(find()).rejects.toMatchObject(damaged);
    }
  });

  it('is no file, and what is for one is told', async () => {
    const missing = openLayout(join(layout, '..', 'none'), {}, amd64);
    await expect(missing).rejects.toThrow(/: it is not there$/);
    const file = join(layout, 'file');
    await writeFile(file, '');
    await expect(openLayout(file, {}, amd64)).rejects.toMatchObject({
      message: `reading ${file}: it is a file, not a layout`,
      hint: `oci-archive://${file} is for a file`,
    });
  });

  it.each([
    ['not JSON', '{"manifests":'],
    ['no index', '[]'],
    ['a list of something else', '{"manifests":[5]}'],
    [
      'a digest that is a path',
      '{"manifests":[{"mediaType":"x","digest":"sha256:../x","size":1}]}',
    ],
    ['empty', '{"manifests":[]}'],
    ['larger than any index', `${' '.repeat(5 << 20)}{"manifests":[]}`],
  ])('is refused where index.json is %s', async (_what, text) => {
    await writeFile(join(layout, 'index.json'), text);
    await expect(find()).rejects.toMatchObject({ kind: 'build', code: 'IMAGE_INVALID' });
  });
});
