/** Errors of compressed data, the same for every format. */
import { DockerceptionError, messageOf } from '../errors.js';

export type CompressionFormat = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'compress' | 'lz4';

/** The error for data that ends early. */
export function cutShort(
  name: string,
  format: CompressionFormat,
  cause?: unknown,
): DockerceptionError {
  return new DockerceptionError(
    'context',
    'COMPRESSED_TRUNCATED',
    `reading ${name}: the ${format} data is cut short`,
    {
      hint: 'what writes it stopped before its end: see whether it failed, and whether the disk was full',
      cause,
    },
  );
}

/** The error for invalid data or a wrong checksum. */
export function corrupt(
  name: string,
  format: CompressionFormat,
  why: unknown,
  hint?: string,
): DockerceptionError {
  return new DockerceptionError(
    'context',
    'COMPRESSED_CORRUPT',
    `reading ${name}: the ${format} data is corrupt: ${messageOf(why)}`,
    { hint, cause: why instanceof Error ? why : undefined },
  );
}

/** The error for data that needs an unsupported feature. */
export function unsupported(
  name: string,
  format: CompressionFormat,
  why: string,
  hint: string,
): DockerceptionError {
  return new DockerceptionError(
    'context',
    'COMPRESSED_UNSUPPORTED',
    `reading ${name}: the ${format} data ${why}`,
    { hint },
  );
}
