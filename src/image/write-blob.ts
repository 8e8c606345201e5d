/** Writes a blob to a file while it is hashed. */
import type { OutputFile } from '../files/output-file.js';
import { hasherFor } from './hasher.js';
import type { Blob } from './store.js';

/** What was written. */
export interface Written {
  /** Bytes. */
  readonly size: number;
  readonly digest: string;
}

/**
 * Writes all of `blob` from `offset` on. Rejects with its error, or the file's.
 *
 * @param expected bytes at most, if known
 */
export async function writeBlob(
  file: OutputFile,
  blob: Blob,
  offset: number,
  expected?: number,
): Promise<Written> {
  const hasher = hasherFor(expected);
  try {
    const end = await file.writeFrom(blob, offset, (chunk) => hasher.update(chunk));
    return { size: end - offset, digest: await hasher.digest() };
  } finally {
    hasher.close();
  }
}
