/** zstd (RFC 8878) with a checksum, by Node from 22.15 on, or else by zstd(1) on all cores. */
import { execFile } from 'node:child_process';
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';
import type { Chunks } from './format.js';
import { throughCodec, throughProgram } from './program.js';

/** The default of zstd(1). */
const DEFAULT_LEVEL = 3;
const OUTPUT_CHUNK = 128 << 10;

/** Keys of `params`: ZSTD_cParameter of zstd.h. */
const COMPRESSION_LEVEL = 100;
const CHECKSUM_FLAG = 201;

/** Not in the types of Node 20. */
type CreateZstdCompress = (options: {
  readonly chunkSize: number;
  readonly params: Readonly<Record<number, number>>;
}) => Transform;

/**
 * Compresses `data`. Failures of `data` are thrown unchanged; ending it early ends `data` too.
 * @param level 1 to 19; 3 by default
 * @throws DockerceptionError: ZSTD_MISSING, of kind usage; ZSTD_FAILED, of kind output
 */
export async function* zstd(data: Chunks, level = DEFAULT_LEVEL): AsyncGenerator<Buffer> {
  const chunks = data[Symbol.asyncIterator]();
  const input = { [Symbol.asyncIterator]: () => chunks };
  const create = (zlib as { createZstdCompress?: CreateZstdCompress }).createZstdCompress;
  const params = { [COMPRESSION_LEVEL]: level, [CHECKSUM_FLAG]: 1 };
  try {
    if (create === undefined) yield* zstdProgram(input, level);
    else yield* throughCodec(create({ chunkSize: OUTPUT_CHUNK, params }), input);
  } finally {
    await chunks.return?.();
  }
}

/** See `compressorId`. */
export async function zstdId(level = DEFAULT_LEVEL): Promise<string> {
  const own = (process.versions as { zstd?: string }).zstd;
  return `zstd-${level}-${own ?? (await programVersion())}`;
}

/** Of zstd(1): it prints `*** Zstandard CLI (64-bit) v1.5.4, by Yann Collet ***`. */
async function programVersion(): Promise<string> {
  const { stdout } = await promisify(execFile)('zstd', ['-V']).catch(() => ({ stdout: '' }));
  return /v([\d.]+)/.exec(stdout)?.[1] ?? 'unknown';
}

/** Compresses `data` with zstd(1) on all cores, which do not change the output. */
export async function* zstdProgram(
  data: Chunks,
  level: number,
  program = 'zstd',
): AsyncGenerator<Buffer> {
  const end = yield* throughProgram(program, ['-q', '-c', '-T0', `-${level}`], data);
  const { failure, signal } = end;
  if (systemCode(failure) === 'ENOENT')
    throw new DockerceptionError(
      'usage',
      'ZSTD_MISSING',
      'compressing a layer: zstd is neither in this Node nor a program on PATH',
      { hint: 'install zstd, use Node 22.15 or later, or `compression: gzip`', cause: failure },
    );
  if (failure === undefined && end.exitCode === 0) {
    if (end.hasReadAll) return;
    throw new Error('a compressor has ended before its data');
  }
  const why = failure === undefined ? end.complaint : messageOf(failure);
  const line = printable(why) || `it was ended by ${signal ?? 'an exit code'}`;
  const message = `compressing a layer: zstd: ${line}`;
  throw new DockerceptionError('output', 'ZSTD_FAILED', message, { cause: failure });
}
