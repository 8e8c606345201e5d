/**
 * A blob on its way into a file: hashed while it is written, so that at its end it is known whether it is
 * what its descriptor says.
 */
import type { Hash } from 'node:crypto';
import { DockerceptionError } from '../errors.js';
import type { TemporaryFile } from '../files/temporary-file.js';
import { outputFailure } from '../files/write-error.js';
import type { Descriptor } from './descriptor.js';
import { hashFor } from './digest.js';

/** What tells a blob from any other. */
export type Named = Pick<Descriptor, 'digest' | 'size'>;

/** A blob that is being written. */
export interface PartialBlob {
  /** Bytes that were written. */
  readonly received: number;
  /** Writes at the end; the chunk is the caller's again afterwards. */
  write(chunk: Buffer): Promise<void>;
  /** Forgets what was written. */
  restart(): Promise<void>;
  /** Whether what was written is the blob. */
  isWhole(): boolean;
}

/** It, in a file. Whoever opened the file closes it. */
export class PartialFile implements PartialBlob {
  readonly #file: TemporaryFile;
  readonly #blob: Named;
  #hash: Hash;
  received = 0;

  constructor(file: TemporaryFile, blob: Named) {
    this.#file = file;
    this.#blob = blob;
    this.#hash = hashFor(blob.digest);
  }

  async write(chunk: Buffer): Promise<void> {
    this.#hash.update(chunk);
    await this.#file.write(chunk, this.received);
    this.received += chunk.length;
  }

  async restart(): Promise<void> {
    this.#hash = hashFor(this.#blob.digest);
    this.received = 0;
    await this.#file.truncate(0);
  }

  isWhole(): boolean {
    const { digest, size } = this.#blob;
    const made = this.#hash.copy().digest('hex');
    return this.received === size && digest.endsWith(`:${made}`);
  }
}

/** The error of a blob whose bytes aren't what its descriptor says. */
export function wrongBytes(
  { digest, size }: Named,
  received: number,
  doing = 'reading from a registry',
): DockerceptionError {
  const why =
    received === size
      ? 'its bytes have another digest'
      : `it has ${received} bytes instead of ${size}`;
  return new DockerceptionError('engine', 'BLOB_DIGEST', `${doing}: blob ${digest}: ${why}`);
}

/** The error of a file of the cache that can't be written. */
export function writing(path: string, error: unknown): DockerceptionError {
  const { message } = outputFailure(path, error) as Error;
  return new DockerceptionError('output', 'CACHE_WRITE', message, {
    cause: error,
    hint: 'XDG_CACHE_HOME names the folder that the cache is in; a read-only container gets one with --tmpfs /tmp',
  });
}
