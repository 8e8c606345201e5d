/** Writes a blob to a file while it is hashed. */
import { hasherFor, type Hasher } from './hasher.js';
import type { OutputFile } from '../files/output-file.js';
import type { Blob } from './store.js';

/** Smaller chunks are gathered: a system call each would cost more than the copy. */
const SMALL = 64 * 1024;
const BATCH = 512 * 1024;

/** What was written. */
export interface Written {
  /** Bytes. */
  readonly size: number;
  readonly digest: string;
}

/**
 * Writes all of `blob` from `offset` on. Rejects with its error, or the file's.
 *
 * @param expected bytes at most, as far as anybody knows
 */
export async function writeBlob(
  file: OutputFile,
  blob: Blob,
  offset: number,
  expected?: number,
): Promise<Written> {
  const hasher = hasherFor(expected);
  try {
    return await write(file, blob, offset, hasher);
  } finally {
    hasher.close();
  }
}

async function write(
  file: OutputFile,
  blob: Blob,
  offset: number,
  hasher: Hasher,
): Promise<Written> {
  let batch: Buffer | undefined;
  let batched = 0;
  let at = offset;
  const flush = async (): Promise<void> => {
    if (batch === undefined || batched === 0) return;
    const length = batched;
    batched = 0;
    await file.write(batch.subarray(0, length), at);
    at += length;
  };
  for await (const chunk of blob) {
    const gathered = chunk.length < SMALL;
    if (!gathered || batched + chunk.length > BATCH) await flush();
    if (gathered) {
      await hasher.update(chunk);
      batch ??= Buffer.allocUnsafeSlow(BATCH);
      batched += chunk.copy(batch, batched);
      continue;
    }
    // Another thread writes it while this one hashes it.
    await Promise.all([file.write(chunk, at), hasher.update(chunk)]);
    at += chunk.length;
  }
  await flush();
  return { size: at - offset, digest: await hasher.digest() };
}
