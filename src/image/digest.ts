/**
 * Digests of blobs (OCI image-spec, descriptor.md, "Digests"). Blobs are written with sha256, and verified while they
 * are read.
 */
import { createHash, type Hash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import type { Descriptor } from './descriptor.js';

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;

/** Whether a text is a well-formed digest, optionally of one algorithm. */
export function isDigest(text: unknown, algorithm = ''): text is string {
  return typeof text === 'string' && DIGEST.test(text) && text.startsWith(algorithm);
}

export function hashFor(digest: string): Hash {
  return createHash(algorithmOf(digest));
}

function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(':'));
}

/** The digest of bytes, with the algorithm of `like`. */
export function digestOf(bytes: Buffer | string, like = 'sha256:'): string {
  return `${algorithmOf(like)}:${hashFor(like).update(bytes).digest('hex')}`;
}

/** `digestOf('')`, which at this place would load OpenSSL for every command. */
export const EMPTY_DIGEST =
  'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** The digest of a stream. */
export async function digestOfStream(stream: Readable, like = 'sha256:'): Promise<string> {
  const hash = hashFor(like);
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return `${algorithmOf(like)}:${hash.digest('hex')}`;
}

/** The path of a blob in layouts and archives. Throws DIGEST_UNSUPPORTED. */
export function blobPath(digest: string): string {
  if (!isDigest(digest, 'sha256'))
    throw new DockerceptionError(
      'build',
      'DIGEST_UNSUPPORTED',
      `reading blob ${printable(digest)}: it is not named by a sha256 digest`,
    );
  return `blobs/sha256/${digest.slice('sha256:'.length)}`;
}

/** The digest in such a path, if any (OCI image-spec, image-layout.md, "Blobs"). */
export function digestOfBlobPath(path: string): string | undefined {
  const [, hex] = /^blobs\/sha256\/(.*)$/s.exec(path) ?? [];
  const digest = `sha256:${hex}`;
  return isDigest(digest) ? digest : undefined;
}

/**
 * The same stream, verified: it fails with BLOB_DIGEST unless size and digest are those of the descriptor. Destroying
 * it destroys `input`, whose errors are emitted unchanged.
 * @param name the source of the blob, for messages
 */
export function verified(input: Readable, descriptor: Descriptor, name: string): Readable {
  const hash = hashFor(descriptor.digest);
  let size = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      size += chunk.length;
      hash.update(chunk);
      // Readers must not get more than the size.
      if (size > descriptor.size) callback(mismatch(descriptor, name, 'it goes on after them'));
      else callback(null, chunk);
    },
    flush(callback) {
      const digest = `${algorithmOf(descriptor.digest)}:${hash.digest('hex')}`;
      callback(compare(descriptor, name, size, digest));
    },
  });
  // The returned stream reports the error.
  return pipeline(input, check, () => undefined);
}

/** The error for a blob with another size or digest, or null. */
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
    { hint: 'it was damaged on its way or where it is kept: fetch it again' },
  );
}
