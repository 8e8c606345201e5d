import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processMark } from '../../../src/files/process-mark.js';
import { openBlobCache, type PartialBlob } from '../../../src/image/cache/blob-cache.js';

const content = Buffer.from('the content of a blob, long enough to be cut');
const blob = {
  digest: `sha256:${createHash('sha256').update(content).digest('hex')}`,
  size: content.length,
};

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const fill =
  (bytes = content, size = 7) =>
  async (file: PartialBlob): Promise<void> => {
    for (let at = 0; at < bytes.length; at += size) await file.write(bytes.subarray(at, at + size));
  };
const never = (): Promise<void> => Promise.reject(new Error('it was fetched'));
const partials = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.startsWith('.'));

describe('the cache of blobs', () => {
  it.each([
    [{ XDG_CACHE_HOME: '/home/cache' }, 'cache/dockerception/blobs'],
    [{ HOME: '/home' }, '.cache/dockerception/blobs'],
    [{ HOME: '/home', XDG_CACHE_HOME: 'relative' }, '.cache/dockerception/blobs'],
  ])('of %j is %s', async (env, expected) => {
    const real = Object.fromEntries(
      Object.entries(env).map(([key, value]) => [key, value.replace('/home', home)]),
    );
    const cache = await openBlobCache(real);
    expect(cache.folder).toBe(join(home, expected));
    await cache.close();
    expect((await stat(cache.folder)).isDirectory()).toBe(true);
  });

  it.each([1, 7, 1000])(
    'keeps a blob under its digest, written %d bytes at a time',
    async (size) => {
      const cache = await openBlobCache({ HOME: home });
      expect(await cache.find(blob)).toBeUndefined();
      const path = await cache.obtain(blob, fill(content, size));
      expect(path).toBe(join(cache.folder, ...blob.digest.split(':')));
      expect((await readFile(path)).equals(content)).toBe(true);
      const other = await openBlobCache({ HOME: home });
      expect(await other.find(blob)).toBe(path);
      expect(await other.obtain(blob, never)).toBe(path);
      expect(await other.findDocument(blob.digest, 100)).toEqual(content);
      expect(await other.findDocument(blob.digest, 10)).toBeUndefined();
    },
  );

  it.each([
    ['other bytes', Buffer.from(content).fill('x', 0, 1)],
    ['fewer bytes', content.subarray(1)],
    ['nothing', Buffer.alloc(0)],
  ])('removes a file with %s, and has it fetched anew', async (_, bytes) => {
    const cache = await openBlobCache({ HOME: home });
    const path = await cache.obtain(blob, fill());
    await writeFile(path, bytes);
    const other = await openBlobCache({ HOME: home });
    expect(await other.find(blob)).toBeUndefined();
    expect(await readdir(join(other.folder, 'sha256'))).toEqual([]);
    expect(await other.obtain(blob, fill())).toBe(path);
    expect((await readFile(path)).equals(content)).toBe(true);
  });

  it('removes a folder in the place of a blob', async () => {
    const cache = await openBlobCache({ HOME: home });
    const path = join(cache.folder, ...blob.digest.split(':'));
    await mkdir(join(path, 'deep'), { recursive: true });
    expect(await cache.obtain(blob, fill())).toBe(path);
    expect((await readFile(path)).equals(content)).toBe(true);
  });

  it('is a temporary folder where a folder inside is no place to write to', async () => {
    await mkdir(join(home, 'dockerception', 'blobs'), { recursive: true });
    // A file, since for root there is no folder that can't be written to.
    await writeFile(join(home, 'dockerception', 'blobs', 'sha256'), '');
    const cache = await openBlobCache({ XDG_CACHE_HOME: home, TMPDIR: home });
    expect((await readFile(await cache.obtain(blob, fill()))).equals(content)).toBe(true);
    await cache.close();
    expect(await readdir(home)).toEqual(['dockerception']);
  });

  it('is a temporary folder where none can be made, which takes no time', async (context) => {
    if (!existsSync('/proc/self')) context.skip();
    const cache = await openBlobCache({ XDG_CACHE_HOME: '/proc/dockerception', TMPDIR: home });
    expect(cache.folder.startsWith(home)).toBe(true);
    await cache.close();
  });

  it.each([
    ['other bytes', Buffer.from(content).fill('x', 0, 1), /another digest/],
    ['fewer bytes', content.subarray(1), /43 bytes instead of 44/],
    ['more bytes', Buffer.concat([content, content]), /88 bytes instead of 44/],
  ])('keeps nothing of a fetch of %s', async (_, bytes, why) => {
    const cache = await openBlobCache({ HOME: home });
    await expect(cache.obtain(blob, fill(bytes))).rejects.toThrow(why);
    await expect(cache.obtain(blob, fill(bytes))).rejects.toMatchObject({ code: 'BLOB_DIGEST' });
    expect(await readdir(cache.folder)).toEqual([]);
  });

  it('keeps nothing of a fetch that fails, and throws its error', async () => {
    const cache = await openBlobCache({ HOME: home });
    const broken = new Error('broken');
    const fetch = async (file: PartialBlob): Promise<void> => {
      await file.write(content.subarray(0, 5));
      throw broken;
    };
    await expect(cache.obtain(blob, fetch)).rejects.toBe(broken);
    expect(await readdir(cache.folder)).toEqual([]);
    await cache.obtain(blob, fill());
  });

  it('lets a fetch begin anew', async () => {
    const cache = await openBlobCache({ HOME: home });
    const path = await cache.obtain(blob, async (file) => {
      await file.write(Buffer.alloc(100, 'x'));
      expect(file.isWhole()).toBe(false);
      await file.restart();
      expect(file.received).toBe(0);
      await fill()(file);
      expect(file.isWhole()).toBe(true);
    });
    expect((await readFile(path)).equals(content)).toBe(true);
  });

  it('fetches once what is asked for twice at once', async () => {
    const cache = await openBlobCache({ HOME: home });
    const paths = await Promise.all([cache.obtain(blob, fill()), cache.obtain(blob, never)]);
    expect(paths[0]).toBe(paths[1]);
  });

  it('may be shared by several writers', async () => {
    const caches = await Promise.all([1, 2, 3].map(() => openBlobCache({ HOME: home })));
    const paths = await Promise.all(caches.map((cache) => cache.obtain(blob, fill(content, 1))));
    expect(new Set(paths).size).toBe(1);
    expect(await partials(caches[0]!.folder)).toEqual([]);
  });

  it.each([
    ['no home', {}],
    ['a relative home', { HOME: 'x' }],
    ['a file for a home', { HOME: '/file' }],
  ])('is a temporary folder with %s, removed at the end', async (_, env) => {
    await writeFile(join(home, 'file'), '');
    const temporary = join(home, 'tmp');
    await mkdir(temporary);
    const real = 'HOME' in env ? { HOME: env.HOME.replace('/file', join(home, 'file')) } : {};
    const cache = await openBlobCache({ ...real, TMPDIR: temporary });
    expect(cache.folder.startsWith(temporary)).toBe(true);
    await cache.obtain(blob, fill());
    expect(await cache.find(blob)).toBeDefined();
    await cache.close();
    expect(await readdir(temporary)).toEqual([]);
  });

  it('stops what is being fetched when it is closed, and leaves nothing of it', async () => {
    const cache = await openBlobCache({ HOME: home });
    let began = (): void => {};
    const begun = new Promise<void>((resolve) => (began = resolve));
    const running = cache.obtain(blob, async (file, signal) => {
      await file.write(content.subarray(0, 5));
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        began();
      });
    });
    running.catch(() => {});
    await begun;
    await cache.close();
    await expect(running).rejects.toThrow('closed');
    expect(await readdir(cache.folder)).toEqual([]);
  });

  it('removes what a process has left that was killed', async () => {
    const { folder } = await openBlobCache({ HOME: home });
    // Of this namespace of process IDs, and of a start time that no process has.
    const name = `.dockerception.partial-${processMark().replace(/\d+$/, '1')}-0123456789ab`;
    await writeFile(join(folder, name), 'x');
    await openBlobCache({ HOME: home });
    expect(await partials(folder)).toEqual([]);
  });

  it('takes nothing for a path that is no digest', async () => {
    const cache = await openBlobCache({ HOME: home });
    const wrong = { digest: 'sha256:../../../etc/passwd', size: 1 };
    await expect(cache.find(wrong)).rejects.toThrow('not a digest');
    await expect(cache.obtain(wrong, fill())).rejects.toThrow('not a digest');
  });
});
