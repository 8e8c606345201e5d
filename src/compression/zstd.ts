/** zstd (RFC 8878) with a checksum, by Node from 22.15 on, or else by zstd(1) on all cores. */
import { spawn } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';

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
}) => Duplex;

/**
 * Compresses `data`. Failures of `data` are thrown unchanged; ending it early ends `data` too.
 * @param level 1 to 19; 3 by default
 * @throws DockerceptionError: ZSTD_MISSING, of kind usage; ZSTD_FAILED, of kind output
 */
export async function* zstd(
  data: AsyncIterable<Buffer>,
  level = DEFAULT_LEVEL,
): AsyncGenerator<Buffer> {
  const own = (zlib as { createZstdCompress?: CreateZstdCompress }).createZstdCompress;
  const compressor = own === undefined ? zstdProgram(level) : ownCompressor(own, level);
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

/** A compressor with an input and an output. Its creator closes it. */
interface StreamCompressor {
  readonly input: Writable;
  readonly output: Readable;
  /** Resolves at the end of the output; rejects if it is incomplete. */
  readonly ended: Promise<unknown>;
  /** Ends it at any time. Idempotent. */
  close(): Promise<unknown>;
}

/** Compresses `data`, and closes the compressor. */
export async function* compressThrough(
  data: AsyncIterable<Buffer>,
  compressor: StreamCompressor,
): AsyncGenerator<Buffer> {
  const fed = feed(data, compressor.input);
  // Awaited below; until then a failure must not be unhandled.
  fed.catch(() => compressor.close());
  compressor.ended.catch(() => undefined);
  try {
    for await (const chunk of outputOf(compressor)) yield chunk;
    // A failure of the data comes first: it ended the compressor.
    const taken = await fed;
    await compressor.ended;
    if (!taken) throw new Error('a compressor has ended before its data');
  } finally {
    await compressor.close();
    await fed.catch(() => undefined);
  }
}

/** The output up to its end or failure; `ended` reports which. */
async function* outputOf({ output }: StreamCompressor): AsyncGenerator<Buffer> {
  const chunks = output[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const next = await chunks.next().catch(() => undefined);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    await chunks.return?.();
  }
}

/** Writes `data`. False if the compressor accepts no more. */
async function feed(data: AsyncIterable<Buffer>, input: Writable): Promise<boolean> {
  input.on('error', () => undefined);
  for await (const chunk of data) {
    // The chunk is valid until the next one is requested.
    const taken = await new Promise<boolean>((resolve) => {
      input.write(chunk, (error) => resolve(!error));
    });
    if (!taken) return false;
  }
  input.end();
  return true;
}

/** Characters of standard error. */
const MAX_MESSAGE = 4096;

/** Starts zstd(1) on all cores, which do not change the output. */
export function zstdProgram(level: number, program = 'zstd'): StreamCompressor {
  const child = spawn(program, ['-q', '-c', '-T0', `-${level}`], { stdio: 'pipe' });
  let failure: unknown;
  child.on('error', (error) => (failure = error));
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(0, MAX_MESSAGE);
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  return {
    input: child.stdin,
    output: child.stdout,
    ended: closed.then(() => {
      if (failure !== undefined) throw notStarted(failure);
      if (child.exitCode !== 0) throw failed(complaint.trim(), child.signalCode);
    }),
    async close() {
      child.kill('SIGKILL');
      // With unread output the program would not be closed.
      child.stdout.destroy();
      await closed;
    },
  };
}

function notStarted(cause: unknown): DockerceptionError {
  if (systemCode(cause) !== 'ENOENT') return failed(messageOf(cause), null, cause);
  return new DockerceptionError(
    'usage',
    'ZSTD_MISSING',
    'compressing a layer: zstd is neither in this Node nor a program on PATH',
    { hint: 'install zstd, use Node 22.15 or later, or --compression gzip', cause },
  );
}

function failed(why: string, signal: string | null, cause?: unknown): DockerceptionError {
  const line = printable(why.split('\n')[0] ?? '') || `it was ended by ${signal ?? 'an exit code'}`;
  return new DockerceptionError('output', 'ZSTD_FAILED', `compressing a layer: zstd: ${line}`, {
    ...(cause !== undefined && { cause }),
  });
}
