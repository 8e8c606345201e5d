import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  link,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeToStream } from '../../../src/files/output-file.js';
import { ArchiveStore } from '../../../src/image/archive/archive-store.js';
import { copyImage } from '../../../src/image/assemble.js';
import type { Descriptor } from '../../../src/image/descriptor.js';
import { digestOf } from '../../../src/image/digest.js';
import type { AssembledImage, Index } from '../../../src/image/manifest.js';
import { hostPlatform } from '../../../src/image/platform.js';
import { assemble, blobOf, CHUNKS, failing, layerOf } from '../images.js';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  file = join(folder, 'app.tar');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const tar = (...args: string[]): string =>
  execFileSync('tar', args, { encoding: 'utf8', env: { TZ: 'UTC', PATH: process.env['PATH'] } });
const json = (name: string): unknown => JSON.parse(tar('-xOf', file, name));

const listing = (): string[] => tar('-tf', file).trim().split('\n').sort();

/** Writes an archive of a small image. */
async function write(
  names: readonly string[] = ['app'],
  architectures?: readonly string[],
  path = file,
): Promise<AssembledImage> {
  const store = await ArchiveStore.create(path);
  try {
    const image = await assemble(store, architectures);
    await store.finish(image, names);
    return image;
  } finally {
    await store.close();
  }
}

describe('an image archive', () => {
  it('is a layout in a tar, with what docker load reads beside it', async () => {
    const { images, descriptor } = await write();
    const [image] = images;
    const blobs = [image?.manifest.layers[0], image?.manifest.config, descriptor];
    const paths = blobs.map((blob) => `blobs/sha256/${blob?.digest.slice(7)}`);
    const fixed = ['oci-layout', 'index.json', 'manifest.json'];
    const all = ['blobs/', 'blobs/sha256/', ...paths, ...fixed];
    expect(tar('-tf', file).trim().split('\n')).toEqual(all);
    expect(tar('-tvf', file)).toContain(
      '-rw-r--r-- 0/0              30 1970-01-01 00:00 oci-layout',
    );
    for (const [at, path] of paths.entries())
      expect(digestOf(execFileSync('tar', ['-xOf', file, path]))).toBe(blobs[at]?.digest);
    expect(json('manifest.json')).toEqual([
      { Config: paths[1], RepoTags: ['docker.io/library/app:latest'], Layers: [paths[0]] },
    ]);
    expect(await readdir(folder)).toEqual(['app.tar']);
  });

  it('names the image in the index once for each name, in full, and once by each tag', async () => {
    const { descriptor } = await write(['app:1', 'localhost:5000/x/app', 'app:1', 'u/app:latest']);
    const named = (name: string, tag?: string): Descriptor => ({
      ...descriptor,
      annotations: {
        'io.containerd.image.name': name,
        ...(tag !== undefined && { 'org.opencontainers.image.ref.name': tag }),
      },
    });
    expect((json('index.json') as Index).manifests).toEqual([
      named('docker.io/library/app:1', '1'),
      named('localhost:5000/x/app:latest', 'latest'),
      named('docker.io/u/app:latest'),
    ]);
    expect(json('manifest.json')).toMatchObject([
      {
        RepoTags: [
          'docker.io/library/app:1',
          'localhost:5000/x/app:latest',
          'docker.io/u/app:latest',
        ],
      },
    ]);
  });

  it('may have no name', async () => {
    const { descriptor } = await write([]);
    expect((json('index.json') as Index).manifests).toEqual([descriptor]);
    expect(json('manifest.json')).toMatchObject([{ RepoTags: null }]);
  });

  it('of several platforms has an index, and this machine’s image for docker load', async () => {
    const own = hostPlatform().architecture;
    const { descriptor, images } = await write(['app'], ['s390x', own]);
    expect((json('index.json') as Index).manifests).toMatchObject([
      { mediaType: 'application/vnd.oci.image.index.v1+json', digest: descriptor.digest },
    ]);
    const config = images[1]?.manifest.config.digest.slice(7);
    expect(json('manifest.json')).toMatchObject([{ Config: `blobs/sha256/${config}` }]);
  });

  it('of platforms that are all foreign has the first for docker load', async () => {
    const { images } = await write(['app'], ['s390x', 'riscv64']);
    const config = images[0]?.manifest.config.digest.slice(7);
    expect(json('manifest.json')).toMatchObject([{ Config: `blobs/sha256/${config}` }]);
  });

  it('has the same bytes each time, and the time stamp 0', async () => {
    await write();
    const first = await readFile(file);
    await write();
    expect(await readFile(file)).toEqual(first);
    expect(tar('-tvf', file)).toContain('1970-01-01 00:00 index.json');
  });
});

describe('the blobs of an archive', () => {
  const layer = layerOf({ a: 'x'.repeat(5000), b: 'y' });

  it.each(CHUNKS)('are the same in chunks of %i bytes that are used again', async (size) => {
    const store = await ArchiveStore.temporary();
    const descriptor = await store.put(blobOf(layer, size), 'a/b');
    expect(descriptor).toEqual({ mediaType: 'a/b', size: layer.length, digest: digestOf(layer) });
    expect(await buffer(await store.open(descriptor))).toEqual(layer);
    await store.close();
  });

  it('are written once', async () => {
    const store = await ArchiveStore.create(file);
    const twice = [
      await store.put(blobOf(layer), 'a/b'),
      await store.put(blobOf(layer, 1000), 'a/b'),
    ];
    expect(twice[0]).toEqual(twice[1]);
    const empty = await store.put(blobOf(Buffer.alloc(0)), 'a/b');
    expect(await buffer(await store.open(empty))).toEqual(Buffer.alloc(0));
    await store.finish(await assemble(store), []);
    await store.close();
    const names = tar('-tf', file).trim().split('\n');
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(2 + 2 + 3 + 3);
  });

  it('that fail leave nothing, and the error is theirs', async () => {
    await write();
    const expected = await readFile(file);
    const store = await ArchiveStore.create(file);
    await expect(store.put(failing(layer), 'a/b')).rejects.toThrow('the producer broke');
    await store.finish(await assemble(store), ['app']);
    await store.close();
    expect(await readFile(file)).toEqual(expected);
  });

  it('are checked when they come from elsewhere', async () => {
    const store = await ArchiveStore.temporary();
    const right = { mediaType: 'a/b', size: layer.length, digest: digestOf(layer) };
    const from = { open: () => Promise.resolve(Readable.from([layer])) };
    const rejected = { kind: 'build', code: 'BLOB_DIGEST' };
    await expect(store.copy({ ...right, size: 5 }, from)).rejects.toMatchObject(rejected);
    const other = { ...right, digest: digestOf('other') };
    await expect(store.copy(other, from)).rejects.toMatchObject(rejected);
    const unsafe = { ...right, digest: 'sha256:../../../etc/passwd' };
    await expect(store.copy(unsafe, from)).rejects.toMatchObject({ code: 'DIGEST_UNSUPPORTED' });
    await store.copy(right, from);
    await store.copy(right, { open: () => Promise.reject(new Error('asked again')) });
    expect(await buffer(await store.open(right))).toEqual(layer);
    await store.close();
  });

  it('can be read side by side, though a reader leaves early', async () => {
    const store = await ArchiveStore.temporary();
    const descriptor = await store.put(blobOf(layer), 'a/b');
    const [early, late] = [await store.open(descriptor), await store.open(descriptor)];
    await once(early, 'readable');
    early.destroy();
    expect(await buffer(late)).toEqual(layer);
    expect(await buffer(await store.open(descriptor))).toEqual(layer);
    await store.close();
  });

  it('go from one archive to another with the image', async () => {
    const [one, other] = [await ArchiveStore.temporary(), await ArchiveStore.create(file)];
    const image = await copyImage(await assemble(one, ['amd64', 'arm64']), other);
    await one.close();
    await other.finish(image, ['app']);
    await other.close();
    const copied = listing();
    await write(['app'], ['amd64', 'arm64']);
    expect(copied).toEqual(listing());
  });
});

describe('the file of an archive', () => {
  it('is not there before it is finished, and nothing is left of one that isn’t', async () => {
    await writeFile(file, 'old');
    const store = await ArchiveStore.create(file);
    await assemble(store);
    expect((await readdir(folder)).sort()).toEqual([
      expect.stringMatching(/^\.dockerception\.partial-[0-9a-f-]+$/) as string,
      'app.tar',
    ]);
    expect(await readFile(file, 'utf8')).toBe('old');
    await store.close();
    await store.close();
    expect(await readdir(folder)).toEqual(['app.tar']);
    expect(await readFile(file, 'utf8')).toBe('old');
  });

  it('replaces what a link points to, not the link, and no other name of the old file', async () => {
    const [target, other] = [join(folder, 'target'), join(folder, 'other')];
    await writeFile(target, 'old');
    await link(target, other);
    await symlink('target', file);
    await write();
    expect(await readlink(file)).toBe('target');
    expect((await stat(target)).size).toBeGreaterThan(2048);
    expect(await readFile(other, 'utf8')).toBe('old');
  });

  it('has the mode that the umask leaves', async () => {
    const before = process.umask(0o027);
    try {
      await write();
    } finally {
      process.umask(before);
    }
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  it('may be a FIFO or a device', async () => {
    await write();
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const [read] = await Promise.all([readFile(fifo), write(['app'], undefined, fifo)]);
    expect(read).toEqual(await readFile(file));
    await write(['app'], undefined, '/dev/null');
  });

  it('may be a file of the shell’s, which is written to where it is', async () => {
    await write();
    const other = join(folder, 'other.tar');
    const opened = await open(other, 'w');
    await write(['app'], undefined, `/proc/self/fd/${opened.fd}`);
    await opened.close();
    expect(await readFile(other)).toEqual(await readFile(file));
    expect((await readdir(folder)).sort()).toEqual(['app.tar', 'other.tar']);
  });

  it('that can’t be is an error that says why', async () => {
    await mkdir(file);
    const failed = { kind: 'output', code: 'OUTPUT_FAILED' };
    await expect(ArchiveStore.create(file)).rejects.toMatchObject({
      ...failed,
      message: `writing ${file}: it is a folder`,
    });
    const missing = join(folder, 'no', 'app.tar');
    await expect(ArchiveStore.create(missing)).rejects.toMatchObject({
      ...failed,
      message: `writing ${missing}: the folder it belongs into is not there`,
    });
  });

  it('on a full disk is OUTPUT_FULL', async () => {
    await expect(write(['app'], undefined, '/dev/full')).rejects.toMatchObject({
      kind: 'output',
      code: 'OUTPUT_FULL',
      message: 'writing /dev/full: no space is left',
    });
  });
});

describe('an archive for a stream', () => {
  it('arrives at a slow reader, and leaves its stream open', async () => {
    await write();
    const store = await ArchiveStore.temporary();
    await store.finish(await assemble(store), ['app']);
    const output = new PassThrough({ highWaterMark: 100 });
    const received = buffer(output);
    await writeToStream(store.read(), output);
    expect(output.writable).toBe(true);
    output.end();
    expect(await received).toEqual(await readFile(file));
    expect(await buffer(store.read())).toEqual(await readFile(file));
    await store.close();
  });

  it('is OUTPUT_CLOSED when nobody reads', async () => {
    const store = await ArchiveStore.temporary();
    await store.finish(await assemble(store), ['app']);
    const gone = (code: string): Writable =>
      new Writable({
        write: (_chunk, _encoding, callback) => callback(Object.assign(new Error(code), { code })),
      });
    const closed = { kind: 'output', code: 'OUTPUT_CLOSED' };
    await expect(writeToStream(store.read(), gone('EPIPE'))).rejects.toMatchObject({
      ...closed,
      message: 'writing standard output: its reader has gone',
    });
    const destroyed = new PassThrough();
    destroyed.destroy();
    await expect(writeToStream(store.read(), destroyed)).rejects.toMatchObject(closed);
    await store.close();
  });
});
