import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import {
  blobPath,
  digestOf,
  digestOfBlobPath,
  digestOfStream,
  isDigest,
  verified,
} from '../../src/image/digest.js';
import { CHUNKS } from './images.js';

const bytes = Buffer.from('hello, layer'.repeat(500));
const descriptor = { mediaType: 'a/b', size: bytes.length, digest: digestOf(bytes) };

const inChunks = (of: Buffer, size: number): Readable =>
  Readable.from(
    Array.from({ length: Math.ceil(of.length / size) }, (_, at) =>
      of.subarray(at * size, (at + 1) * size),
    ),
    { objectMode: false },
  );

describe('a blob that is checked as it is read', () => {
  it.each(CHUNKS)('comes as it is, in chunks of %i bytes', async (size) => {
    expect(await buffer(verified(inChunks(bytes, size), descriptor, 'x'))).toEqual(bytes);
    expect(await digestOfStream(inChunks(bytes, size))).toBe(descriptor.digest);
  });

  it.each(CHUNKS)(
    'fails when a byte is another, missing or too many, in chunks of %i',
    async (size) => {
      const other = Buffer.from(bytes);
      other[7] = 0;
      const more = Buffer.concat([bytes, Buffer.from('!')]);
      for (const [wrong, why] of [
        [other, `its digest is ${digestOf(other)}`],
        [bytes.subarray(1), `it has ${bytes.length - 1}`],
        [more, 'it goes on after them'],
      ] as const)
        await expect(
          buffer(verified(inChunks(wrong, size), descriptor, 'x')),
        ).rejects.toMatchObject({
          kind: 'build',
          code: 'BLOB_DIGEST',
          message: `reading blob ${descriptor.digest} (${bytes.length} bytes) of x: ${why}`,
        });
    },
  );

  it('is compared by the algorithm of its digest', async () => {
    const digest = digestOf(bytes, 'sha512:');
    expect(digest).toBe(`sha512:${createHash('sha512').update(bytes).digest('hex')}`);
    expect(await buffer(verified(inChunks(bytes, 100), { ...descriptor, digest }, 'x'))).toEqual(
      bytes,
    );
    const wrong = { ...descriptor, digest: digestOf('other', 'sha512:') };
    await expect(buffer(verified(inChunks(bytes, 100), wrong, 'x'))).rejects.toMatchObject({
      message: `reading blob ${wrong.digest} (${bytes.length} bytes) of x: its digest is ${digest}`,
    });
  });

  it('passes an error on, and ends its input when nobody reads on', async () => {
    const broken = new PassThrough();
    const read = buffer(verified(broken, descriptor, 'x'));
    broken.destroy(new Error('the disk broke'));
    await expect(read).rejects.toThrow('the disk broke');
    const endless = new PassThrough();
    verified(endless, descriptor, 'x').destroy();
    await new Promise((resolve) => endless.once('close', resolve));
  });
});

describe('a digest', () => {
  it('is sha256 and 64 hexadecimal digits, and then names a path', () => {
    expect(isDigest(descriptor.digest)).toBe(true);
    expect(blobPath(descriptor.digest)).toBe(`blobs/sha256/${descriptor.digest.slice(7)}`);
    for (const wrong of ['', 'sha256:', 'sha256:../x', `${descriptor.digest}0`, 'md5:00']) {
      expect(isDigest(wrong)).toBe(false);
      expect(digestOfBlobPath(`blobs/sha256/${wrong.slice(7)}`)).toBeUndefined();
      expect(() => blobPath(wrong)).toThrow('it is not named by a sha256 digest');
    }
  });

  it('may have sha384 or sha512 in a registry, and then names no path', () => {
    for (const algorithm of ['sha384', 'sha512']) {
      const digest = digestOf(bytes, `${algorithm}:`);
      expect(isDigest(digest)).toBe(true);
      expect(isDigest(digest, 'sha256')).toBe(false);
      expect(isDigest(digest.replace(algorithm, 'sha256'))).toBe(false);
      expect(() => blobPath(digest)).toThrow('it is not named by a sha256 digest');
    }
  });
});
