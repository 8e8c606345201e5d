/** The formats of compressed data, and the errors of all of them. */
import { messageOf } from '../errors.js';

export type CompressionFormat = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'compress' | 'lz4';

export type Chunks = AsyncIterable<Buffer>;

/** Why data can't be decompressed. The message lacks its beginning: `decompress` adds the input and the format. */
export class DecodeError extends Error {
  constructor(
    readonly code: 'COMPRESSED_TRUNCATED' | 'COMPRESSED_CORRUPT' | 'COMPRESSED_UNSUPPORTED',
    message: string,
    readonly hint: string | undefined,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** The error for data that ends early. */
export function cutShort(cause?: unknown): DecodeError {
  const hint =
    'what writes it stopped before its end: see whether it failed, and whether the disk was full';
  return new DecodeError('COMPRESSED_TRUNCATED', 'is cut short', hint, cause);
}

/** The error for invalid data or a wrong checksum. */
export function corrupt(why: unknown, hint?: string): DecodeError {
  const cause = why instanceof Error ? why : undefined;
  return new DecodeError('COMPRESSED_CORRUPT', `is corrupt: ${messageOf(why)}`, hint, cause);
}

/** The error for data that needs an unsupported feature. */
export function unsupported(why: string, hint: string): DecodeError {
  return new DecodeError('COMPRESSED_UNSUPPORTED', why, hint);
}
