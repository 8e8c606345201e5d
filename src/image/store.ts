/** Stores of blobs, which are named by their digests. */
import type { Readable } from 'node:stream';
import type { OutputFile } from '../files/output-file.js';
import type { Descriptor } from './descriptor.js';
import { blobPath, compare } from './digest.js';
import { type Hasher, hasherFor, knownDigest } from './hasher.js';

/** The bytes of a blob. A chunk is valid until the next one is requested. */
export type Blob = AsyncIterable<Buffer>;

/** Where blobs are read from. */
export interface BlobSource {
  /**
   * Opens a blob; the caller reads it to its end or destroys it. Every reader gets its own stream.
   * The stream fails with BLOB_DIGEST if the bytes differ from the descriptor, unless the store has
   * written or verified them itself.
   */
  open(descriptor: Descriptor): Promise<Readable>;
  /** Whether the bytes are verified, so that a copy is not hashed again. @default a copy is verified */
  readonly isVerified?: boolean;
}

/** Where blobs are written to. It has one writer at a time; its creator closes it. */
export interface BlobStore extends BlobSource {
  /**
   * Stores a blob once, and computes its digest. If `blob` fails, nothing of it remains, and the promise
   * rejects with its error.
   *
   * @param expected the most bytes, if known: a hint
   */
  put(blob: Blob, mediaType: string, expected?: number): Promise<Descriptor>;
  /** Stores a blob of another store and verifies it, unless it is stored already. */
  copy(descriptor: Descriptor, from: BlobSource): Promise<void>;
  /** Removes the last stored blob, which has no readers. @default the store can't free its space */
  discard?(descriptor: Descriptor): Promise<void>;
}

/** Returns the descriptor of a blob that was written, or throws if the blob is not the expected one. */
export type Describe = (written: Pick<Descriptor, 'size' | 'digest'>) => Descriptor;

/** A store that hashes blobs while it writes them to a file. */
export abstract class FileStore implements BlobStore {
  put(blob: Blob, mediaType: string, expected?: number): Promise<Descriptor> {
    const describe: Describe = ({ size, digest }) => ({ mediaType, digest, size });
    return this.#write(blob, describe, hasherFor(expected));
  }

  async copy(descriptor: Descriptor, from: BlobSource): Promise<void> {
    blobPath(descriptor.digest);
    if (await this.has(descriptor)) return;
    const blob = (await from.open(descriptor)) as Readable & Blob;
    const describe: Describe = ({ size, digest }) => {
      const error = compare(descriptor, 'the image to copy', size, digest);
      if (error) throw error;
      return descriptor;
    };
    const { digest, size } = descriptor;
    await this.#write(blob, describe, from.isVerified ? knownDigest(digest) : hasherFor(size));
  }

  abstract open(descriptor: Descriptor): Promise<Readable>;

  protected abstract has(descriptor: Descriptor): Promise<boolean>;

  /** Stores a blob; if it or `describe` fails, nothing of it remains. */
  protected abstract write(blob: Blob, describe: Describe, hasher: Hasher): Promise<Descriptor>;

  /** Writes a blob to a file from `offset` on, and describes it. */
  protected async writeTo(
    file: OutputFile,
    offset: number,
    blob: Blob,
    describe: Describe,
    hasher: Hasher,
  ): Promise<Descriptor> {
    const end = await file.writeFrom(blob, offset, (chunk) => hasher.update(chunk));
    return describe({ size: end - offset, digest: await hasher.digest() });
  }

  async #write(blob: Blob, describe: Describe, hasher: Hasher): Promise<Descriptor> {
    try {
      return await this.write(blob, describe, hasher);
    } finally {
      hasher.close();
    }
  }
}
