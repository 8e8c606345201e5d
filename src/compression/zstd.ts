/**
 * zstd (RFC 8878), with a checksum: by Node's own where it has one (from 22.15 on), else by the
 * program of that name, on all cores.
 */
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { compressThrough, type StreamCompressor } from './stream-compressor.js';

/** The program's own default. */
const DEFAULT_LEVEL = 3;
const OUTPUT_CHUNK = 128 << 10;

/** Keys of `params`: ZSTD_cParameter of zstd.h. */
const COMPRESSION_LEVEL = 100;
const CHECKSUM_FLAG = 201;

/** Node's own, which the types of Node 20 don't have. */
type CreateZstdCompress = (options: {
  readonly chunkSize: number;
  readonly params: Readonly<Record<number, number>>;
}) => Duplex;

/**
 * Yields what `data` compresses to. A failure of `data` comes out as it is; ending it early ends
 * `data` too.
 *
 * @param level 1 to 19; 3 by default
 * @throws DockerceptionError: ZSTD_MISSING, of kind usage; ZSTD_FAILED, of kind output.
 */
export async function* zstd(
  data: AsyncIterable<Buffer>,
  level = DEFAULT_LEVEL,
): AsyncGenerator<Buffer> {
  const own = (zlib as { createZstdCompress?: CreateZstdCompress }).createZstdCompress;
  const compressor =
    own === undefined
      ? (await import('./zstd-program.js')).zstdProgram(level)
      : ownCompressor(own, level);
  yield* compressThrough(data, compressor);
}

function ownCompressor(create: CreateZstdCompress, level: number): StreamCompressor {
  const params = { [COMPRESSION_LEVEL]: level, [CHECKSUM_FLAG]: 1 };
  const stream = create({ chunkSize: OUTPUT_CHUNK, params });
  return {
    input: stream,
    output: stream,
    ended: finished(stream),
    close() {
      stream.destroy();
      return Promise.resolve();
    },
  };
}
