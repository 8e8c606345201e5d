/**
 * Digests of blobs: `sha256:` and 64 hexadecimal digits. Other algorithms are registered but unused
 * (OCI image-spec, descriptor.md). What is read is checked against its descriptor as it flows.
 */
import { createHash } from 'node:crypto';
import { pipeline, Transform, type Readable } from 'node:stream';
import { DockerceptionError } from '../errors.js';
import { printable } from '../tar/printable.js';
import type { Descriptor } from './descriptor.js';

const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** Whether this is a digest that blobs are known by here. */
export function isDigest(text: string): boolean {
  return SHA256.test(text);
}

/** The digest of bytes. */
export function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The digest of no bytes. */
export const EMPTY_DIGEST = digestOf('');

/** The digest of a stream, which is read to its end. */
export async function digestOfStream(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}

/** Where layouts and archives keep a blob. Throws DIGEST_UNSUPPORTED: a digest may come from anyone. */
export function blobPath(digest: string): string {
  if (!isDigest(digest))
    throw new DockerceptionError(
      'build',
      'DIGEST_UNSUPPORTED',
      `reading blob ${printable(digest)}: it is not named by a sha256 digest`,
    );
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/**
 * The same bytes, checked: the result fails with BLOB_DIGEST when they are more, fewer or other
 * than the descriptor says. Destroying it destroys `input`; an error of `input` comes out as it is.
 * @param name what messages call the place that the blob comes from
 */
export function verified(input: Readable, descriptor: Descriptor, name: string): Readable {
  const hash = createHash('sha256');
  let size = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length;
      hash.update(chunk);
      // A reader that trusts the size must not get more.
      if (size > descriptor.size) callback(mismatch(descriptor, name, 'it goes on after them'));
      else callback(null, chunk);
    },
    flush(callback) {
      callback(compare(descriptor, name, size, `sha256:${hash.digest('hex')}`));
    },
  });
  // The error is told by the stream that is returned.
  return pipeline(input, check, () => undefined);
}

/** The error for a blob with another size or digest; `null` when both are right. */
export function compare(
  descriptor: Descriptor,
  name: string,
  size: number,
  digest: string,
): DockerceptionError | null {
  if (size !== descriptor.size) return mismatch(descriptor, name, `it has ${size}`);
  if (digest !== descriptor.digest) return mismatch(descriptor, name, `its digest is ${digest}`);
  return null;
}

function mismatch(descriptor: Descriptor, name: string, why: string): DockerceptionError {
  return new DockerceptionError(
    'build',
    'BLOB_DIGEST',
    `reading blob ${descriptor.digest} (${descriptor.size} bytes) of ${printable(name)}: ${why}`,
    { hint: 'it was damaged on its way or where it is kept: fetch it anew' },
  );
}
