import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArchiveStore } from '../../../src/image/archive/archive-store.js';
import { digestOf } from '../../../src/image/digest.js';
import { type DiskImageUrl, openImage } from '../../../src/image/image-url.js';
import type { Image } from '../../../src/image/manifest.js';
import { headerBlock } from '../../../src/tar/writer.js';
import { assemble, configOf, layerOf } from '../images.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  file = join(folder, 'image.tar');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** An entry of a tar: bytes, or what it links to. */
type Content = Buffer | string | { readonly link: string } | { readonly hard: string };

async function tarOf(entries: readonly (readonly [string, Content])[]): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of entries)
    if (typeof content === 'string' || Buffer.isBuffer(content)) archive.entry({ name }, content);
    else if ('link' in content) archive.entry({ name, type: 'symlink', linkname: content.link });
    else archive.entry({ name, type: 'link', linkname: content.hard });
  archive.finalize();
  return buffer(archive);
}

const amd64 = { os: 'linux', architecture: 'amd64' };

/** Reads an image with all its layers. */
async function read(
  scheme: DiskImageUrl['scheme'] = 'docker-archive',
  rest = '',
): Promise<Image & { readonly contents: readonly Buffer[] }> {
  const image = await openImage({ scheme, rest: file + rest }, amd64);
  try {
    const contents = [];
    for (const layer of image.layers) contents.push(await buffer(await image.blobs.open(layer)));
    return { ...image, contents };
  } finally {
    await image.close?.();
    await image.close?.();
  }
}

const layers = [layerOf({ a: 'one' }), layerOf({ b: 'two' })];
const config = JSON.stringify(configOf(layers));
const configName = `${digestOf(config).slice(7)}.json`;
const manifest = (Layers: readonly string[], RepoTags: readonly string[] | null = null): string =>
  JSON.stringify([{ Config: configName, RepoTags, Layers }]);

describe('an archive as docker save wrote it for ten years', () => {
  it('has layers by their folders, some of which are links', async () => {
    const entries = [
      ['./1/layer.tar', layers[0] as Buffer],
      [configName, config],
      ['2/layer.tar', { link: '../other/layer.tar' }],
      ['other/layer.tar', { hard: 'last.tar' }],
      ['last.tar', layers[1] as Buffer],
      ['manifest.json', manifest(['1/layer.tar', '2/layer.tar'])],
    ] as const;
    await writeFile(file, await tarOf(entries));
    const image = await read();
    expect(image.contents).toEqual(layers);
    expect(image.layers.map(({ digest }) => digest)).toEqual(image.config.rootfs.diff_ids);
    expect(image.layers[0]?.mediaType).toBe('application/vnd.oci.image.layer.v1.tar');
    // Asked for the other kind, it is read all the same.
    expect((await read('oci-archive')).contents).toEqual(layers);
  });

  it('may have compressed layers, whose digest nobody tells', async () => {
    const packed = layers.map((layer) => gzipSync(layer));
    await writeFile(
      file,
      await tarOf([
        ['manifest.json', manifest(['1.tar.gz', '2.tar.gz'])],
        [configName, config],
        ['1.tar.gz', packed[0] as Buffer],
        ['2.tar.gz', packed[1] as Buffer],
      ]),
    );
    const image = await read();
    expect(image.contents).toEqual(packed);
    expect(image.layers).toEqual(
      packed.map((bytes) => ({
        mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
        digest: digestOf(bytes),
        size: bytes.length,
      })),
    );
  });

  it('is refused where a layer isn’t the configuration’s, or something is missing', async () => {
    const good = { [configName]: config, a: layers[0] as Buffer, b: layers[1] as Buffer };
    const bad = (
      change: Readonly<Record<string, Content>>,
      text = manifest(['a', 'b']),
    ): Promise<void> =>
      tarOf(Object.entries({ ...good, ...change, 'manifest.json': text })).then((bytes) =>
        writeFile(file, bytes),
      );
    await bad({ b: layers[0] as Buffer });
    await expect(read()).rejects.toMatchObject({ kind: 'build', code: 'BLOB_DIGEST' });
    await bad({ [configName]: config.replace('amd64', 'arm64') });
    await expect(read()).rejects.toMatchObject({ kind: 'build', code: 'BLOB_DIGEST' });
    const invalid = { kind: 'build', code: 'IMAGE_INVALID' };
    for (const text of [
      manifest(['a']),
      manifest(['a', 'c']),
      manifest(['a', '../../etc/passwd']),
      '5',
      '[5]',
      '[]',
      '{',
      '[{"Config":"x","Layers":[]}]',
    ]) {
      await bad({}, text);
      await expect(read(), text).rejects.toMatchObject(invalid);
    }
    await bad({ a: { link: 'b' }, b: { link: 'a' } });
    await expect(read()).rejects.toMatchObject(invalid);
  });

  it('of several images wants a name', async () => {
    const entry = { Config: configName, Layers: ['a', 'b'] };
    const text = JSON.stringify([
      { ...entry, RepoTags: ['app:1'] },
      { ...entry, RepoTags: ['app:2', 'docker.io/library/other:2'] },
    ]);
    const entries = [
      [configName, config],
      ['a', layers[0] as Buffer],
      ['b', layers[1] as Buffer],
      ['manifest.json', text],
    ] as const;
    await writeFile(file, await tarOf(entries));
    for (const name of [':1', ':app:1', ':2', ':other:2', ':docker.io/library/app:2'])
      expect((await read('docker-archive', name)).contents).toEqual(layers);
    await expect(read()).rejects.toMatchObject({ kind: 'usage', code: 'IMAGE_AMBIGUOUS' });
    await expect(read('docker-archive', ':3')).rejects.toMatchObject({
      kind: 'usage',
      code: 'IMAGE_NOT_FOUND',
      hint: 'it has app:1, app:2',
    });
    await expect(read('docker-archive', `@${digestOf('x')}`)).rejects.toMatchObject({
      code: 'IMAGE_NOT_FOUND',
    });
  });
});

describe('an archive of this tool', () => {
  beforeEach(async () => {
    const store = await ArchiveStore.create(file);
    await store.finish(await assemble(store, ['arm64', 'amd64']), ['app:1']);
    await store.close();
  });

  it.each(['oci-archive', 'docker-archive'] as const)(
    'is read as %s, plain and compressed',
    async (scheme) => {
      const plain = await read(scheme);
      expect(plain.config.architecture).toBe('amd64');
      const bytes = await readFile(file);
      await writeFile(file, gzipSync(bytes));
      const before = await readdir(tmpdir());
      expect((await read(scheme, ':app:1')).contents).toEqual(plain.contents);
      const left = (await readdir(tmpdir())).filter((name) => !before.includes(name));
      expect(left.filter((name) => /^dockerception-[0-9a-f]{16}$/.test(name))).toEqual([]);
    },
  );

  it.each([100, 600, 3000, 5000])('is refused when it ends after %i bytes', async (length) => {
    const bytes = await readFile(file);
    await writeFile(file, bytes.subarray(0, length));
    await expect(read()).rejects.toMatchObject({
      kind: 'build',
      code: expect.stringMatching(/^ARCHIVE_(INVALID|TRUNCATED)$/) as string,
    });
    await writeFile(file, gzipSync(bytes).subarray(0, length / 5));
    await expect(read()).rejects.toMatchObject({ kind: 'build', code: 'COMPRESSED_TRUNCATED' });
  });
});

describe('what is no archive', () => {
  it.each([
    ['empty', Buffer.alloc(0), 'it is empty'],
    ['text', Buffer.from('hello'), 'it is no archive: it has 5 bytes'],
    ['long text', Buffer.alloc(5000, 'hello'), 'it is not an image archive'],
    ['an ordinary tar', layerOf({ a: 'b' }), 'it has neither index.json nor manifest.json'],
  ])('because it is %s is refused', async (_what, bytes, why) => {
    await writeFile(file, bytes);
    await expect(read()).rejects.toMatchObject({
      kind: 'build',
      message: expect.stringContaining(why) as string,
    });
  });

  it('because it is a folder or isn’t there is refused', async () => {
    const refused = { kind: 'usage', code: 'IMAGE_NOT_FOUND' };
    await expect(read()).rejects.toMatchObject({
      ...refused,
      message: `reading ${file}: there is no such file`,
    });
    file = folder;
    await expect(read()).rejects.toMatchObject({
      ...refused,
      message: `reading ${folder}: it is a folder, not an archive`,
    });
  });

  it.each(['', ':', 'x:'])('is refused where its location is "%s"', async (rest) => {
    await expect(openImage({ scheme: 'oci-archive', rest }, amd64)).rejects.toMatchObject({
      kind: 'usage',
      code: 'IMAGE_LOCATION',
    });
  });
});

describe('a blob of more than 8 GiB', () => {
  it('is found behind its header, without reading it', async () => {
    const size = 9 * 2 ** 30;
    const entries = await tarOf([
      [configName, config],
      ['a', layers[0] as Buffer],
      ['b', layers[1] as Buffer],
      ['manifest.json', manifest(['a', 'b'])],
    ]);
    const target = await open(file, 'w');
    const large = { path: 'blobs/sha256/large', typeflag: '0', mode: 0o644, uid: 0, gid: 0 };
    await target.write(headerBlock({ ...large, size, mtime: 0 }), 0, 512, 0);
    await target.write(entries, 0, entries.length, 512 + size);
    await target.close();
    expect((await read()).contents).toEqual(layers);
  });
});
