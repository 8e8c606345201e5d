/**
 * zstd (RFC 8878), with a checksum: by Node's own where it has one (from 22.15 on), else by the
 * program of that name, on all cores.
 */
import { spawn } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';

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

/** Data in on one side, out on the other. Who made it closes it. */
interface StreamCompressor {
  readonly input: Writable;
  readonly output: Readable;
  /** Resolves when the output has ended; rejects with why it isn't whole. */
  readonly ended: Promise<unknown>;
  /** Ends it, whatever it is doing. May be called twice. */
  close(): Promise<unknown>;
}

/**
 * Yields what `data` compresses to, and closes the compressor. A failure of `data` comes out as it
 * is; ending it early ends `data` too.
 */
export async function* compressThrough(
  data: AsyncIterable<Buffer>,
  compressor: StreamCompressor,
): AsyncGenerator<Buffer> {
  const fed = feed(data, compressor.input);
  // Both are awaited below; until then a failure must not count as unhandled.
  fed.catch(() => compressor.close());
  compressor.ended.catch(() => undefined);
  try {
    for await (const chunk of outputOf(compressor)) yield chunk;
    // The data's own failure comes first: it is why the compressor ended.
    const taken = await fed;
    await compressor.ended;
    if (!taken) throw new Error('a compressor has ended before its data');
  } finally {
    await compressor.close();
    await fed.catch(() => undefined);
  }
}

/** What comes out until it ends or fails; `ended` tells how. */
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

/** Writes all of `data`. False when the other side takes no more: it tells why by itself. */
async function feed(data: AsyncIterable<Buffer>, input: Writable): Promise<boolean> {
  input.on('error', () => undefined);
  for await (const chunk of data) {
    // The chunk is its producer's again once it is compressed, or in the pipe.
    const taken = await new Promise<boolean>((resolve) => {
      input.write(chunk, (error) => resolve(!error));
    });
    if (!taken) return false;
  }
  input.end();
  return true;
}

/** Characters of its standard error that are kept. */
const MAX_MESSAGE = 4096;

/** Starts the program with as many threads as there are cores: the output doesn't depend on them. */
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
      // Nobody reads it any more, and with data in it the program isn't closed.
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
