/**
 * Digests of blobs: an algorithm and hexadecimal digits (OCI image-spec, descriptor.md, "Digests"). What is
 * written here has sha256. What is read is compared with its descriptor as it flows.
 */
import { createHash, type Hash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import type { Descriptor } from './descriptor.js';

/** Hexadecimal digits of each algorithm. */
const DIGITS = { sha256: 64, sha384: 96, sha512: 128 } as const;
type Algorithm = keyof typeof DIGITS;

/** Whether this is a well-formed digest, fit for a path and a comparison: of any algorithm, or of one. */
export function isDigest(text: unknown, algorithm?: Algorithm): text is string {
  if (typeof text !== 'string') return false;
  const [, name, digits = ''] = /^(sha256|sha384|sha512):([0-9a-f]+)$/.exec(text) ?? [];
  if (name === undefined || (algorithm !== undefined && name !== algorithm)) return false;
  return digits.length === DIGITS[name as Algorithm];
}

/** A hash of the algorithm that a digest names. */
export function hashFor(digest: string): Hash {
  return createHash(algorithmOf(digest));
}

function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** The digest of bytes; `like` is a digest of the same algorithm. */
export function digestOf(bytes: Buffer | string, like = 'sha256:'): string {
  return `${algorithmOf(like)}:${hashFor(like).update(bytes).digest('hex')}`;
}

/** The digest of no bytes. */
export const EMPTY_DIGEST = digestOf('');

/** The digest of a stream, which is read to its end. */
export async function digestOfStream(stream: Readable, like = 'sha256:'): Promise<string> {
  const hash = hashFor(like);
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return `${algorithmOf(like)}:${hash.digest('hex')}`;
}

/** Where layouts and archives keep a blob. Throws DIGEST_UNSUPPORTED: a digest may come from anyone. */
export function blobPath(digest: string): string {
  if (!isDigest(digest, 'sha256'))
    throw new DockerceptionError(
      'build',
      'DIGEST_UNSUPPORTED',
      `reading blob ${printable(digest)}: it is not named by a sha256 digest`,
    );
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/** The digest of the blob at such a path; other paths state none (OCI image-spec, image-layout.md, "Blobs"). */
export function digestOfBlobPath(path: string): string | undefined {
  const [, hex] = /^blobs\/sha256\/(.*)$/s.exec(path) ?? [];
  const digest = `sha256:${hex}`;
  return isDigest(digest) ? digest : undefined;
}

/**
 * The same bytes, checked: the result fails with BLOB_DIGEST when they are more, fewer or other
 * than the descriptor says. Destroying it destroys `input`; an error of `input` comes out as it is.
 * @param name what messages call the place that the blob comes from
 */
export function verified(input: Readable, descriptor: Descriptor, name: string): Readable {
  const hash = hashFor(descriptor.digest);
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
      const digest = `${algorithmOf(descriptor.digest)}:${hash.digest('hex')}`;
      callback(compare(descriptor, name, size, digest));
    },
  });
  // The stream that is returned reports the error.
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
