/** The two ways in which compressed data is bad, said the same way for every format. */
import { DockerceptionError, messageOf } from '../errors.js';

/** The formats that are recognised. */
export type CompressionFormat = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'compress' | 'lz4';

/** The data ended before the format says it does. */
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

/** The data isn't what the format allows, or its checksum is another one. */
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

/** The data may be good, but can't be read here. */
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
