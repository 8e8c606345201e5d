/** Compression of layers: gzip (RFC 1952) or zstd (RFC 8878). */
import { DockerceptionError } from '../errors.js';

/** The formats and their levels. */
const LEVELS = { gzip: [1, 9], zstd: [1, 19], none: undefined } as const satisfies Readonly<
  Record<CompressionType, readonly [number, number] | undefined>
>;

/** The format of a layer. */
export type CompressionType = 'gzip' | 'zstd' | 'none';

/** A format and its level. */
export interface Compression {
  readonly type: CompressionType;
  /** gzip: 1 to 9; zstd: 1 to 19. @default chosen by measurements, see docs/performance.md */
  readonly level?: number;
}

export const COMPRESSION_TYPES = Object.keys(LEVELS) as readonly CompressionType[];

/**
 * Parses the type, gzip by default, and the level.
 * @throws DockerceptionError of kind usage: COMPRESSION_UNKNOWN, COMPRESSION_LEVEL
 */
export function parseCompression(type?: string, level?: string): Compression {
  const known = COMPRESSION_TYPES.find((name) => name === (type ?? 'gzip'));
  if (known === undefined)
    throw new DockerceptionError(
      'usage',
      'COMPRESSION_UNKNOWN',
      `reading the option 'compression': ${JSON.stringify(type)} is not one of ${COMPRESSION_TYPES.join(', ')}`,
    );
  return level === undefined ? { type: known } : { type: known, level: parseLevel(known, level) };
}

function parseLevel(type: CompressionType, level: string): number {
  const fail = (why: string): DockerceptionError =>
    new DockerceptionError(
      'usage',
      'COMPRESSION_LEVEL',
      `reading the option 'compression.level': ${why}`,
    );
  const range = LEVELS[type];
  if (range === undefined) throw fail('layers that are not compressed have no level');
  const [least, most] = range;
  const number = /^\d{1,3}$/.test(level) ? Number(level) : NaN;
  if (!(number >= least && number <= most))
    throw fail(`${JSON.stringify(level)} is not a level of ${type}: ${least} to ${most}`);
  return number;
}

/** Names everything that decides the bytes of {@link compress}: format, level and version. */
export async function compressorId({ type, level }: Compression): Promise<string> {
  if (type === 'none') return type;
  if (type === 'gzip') return (await import('./gzip.js')).gzipId(level);
  return (await import('./zstd.js')).zstdId(level);
}

/**
 * Compresses `data`. Ending it early, or a failure of `data`, ends both.
 * @param checksum see `GzipOptions.checksum`
 */
export async function compress(
  data: AsyncIterable<Buffer>,
  { type, level }: Compression,
  checksum?: () => Promise<number>,
): Promise<AsyncIterable<Buffer>> {
  if (type === 'none') return data;
  if (type === 'gzip') return (await import('./gzip.js')).gzip(data, { level, checksum });
  return (await import('./zstd.js')).zstd(data, level);
}
