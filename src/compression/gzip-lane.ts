/** Workers that deflate blocks (RFC 1951) independently and end them with Z_SYNC_FLUSH. All give the same bytes. */
import type { TransformOptions } from 'node:stream';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { constants, createDeflateRaw, deflateRaw, type ZlibOptions } from 'node:zlib';
import { programThread } from '../files/program-file.js';

/**
 * Bytes of a block. Independent blocks of 512 KiB cost 0.6 % of the size of a source tree, 128 KiB as in pigz 2.3 %.
 */
export const BLOCK = 512 << 10;
/** Less than the output of most blocks, so that little of the last chunk is unused. */
export const OUTPUT_CHUNK = 128 << 10;
/** More than the output of any block. */
const WHOLE = BLOCK + (64 << 10);
/** At least the length of two markers of Z_SYNC_FLUSH. */
const MARKERS = 16;

/** Megabytes. A small young generation frees the outputs of a thread sooner. */
const YOUNG_GENERATION = 1;

/** Deflates one block at a time. Its creator closes it. */
export interface Lane {
  /** Reads `data` until it settles; the caller owns the result. */
  deflate(data: Buffer): Promise<Buffer>;
  /** A running call rejects, or never settles. */
  close(): Promise<void>;
}

/**
 * A thread of libuv's pool. Resetting one zlib object takes less time and half the memory of a new one for each block.
 */
export class PoolLane implements Lane {
  readonly #stream;
  /** Bytes of the current chunk that are used. */
  #used = 0;

  /** @param level 1 to 9 */
  constructor(private readonly level: number) {
    // The stream buffers all output of a block.
    const options: ZlibOptions & Pick<TransformOptions, 'readableHighWaterMark'> = {
      level,
      flush: constants.Z_SYNC_FLUSH,
      chunkSize: OUTPUT_CHUNK,
      readableHighWaterMark: 2 * BLOCK,
    };
    this.#stream = createDeflateRaw(options);
  }

  deflate(data: Buffer): Promise<Buffer> {
    const stream = this.#stream;
    return new Promise((resolve, reject) => {
      stream.once('error', reject);
      stream.write(data, (error) => {
        stream.off('error', reject);
        // A running block ends even after the stream was closed.
        if (error || stream.destroyed) return reject(error ?? new Error('closed'));
        const deflated = stream.read() as Buffer;
        stream.reset();
        this.#used = (this.#used + deflated.length) % OUTPUT_CHUNK;
        // If a marker fills the chunk, zlib writes a second one (zlib.h, deflate).
        resolve(this.#used > MARKERS ? deflated : deflateWhole(data, this.level));
      });
    });
  }

  close(): Promise<void> {
    this.#stream.destroy();
    return Promise.resolve();
  }
}

/** Deflates a block into one chunk. */
function deflateWhole(data: Buffer, level: number): Promise<Buffer> {
  return promisify<Buffer, ZlibOptions, Buffer>(deflateRaw)(data, wholeOptions(level));
}

function wholeOptions(level: number): ZlibOptions {
  return { level, chunkSize: WHOLE, finishFlush: constants.Z_SYNC_FLUSH };
}

/** A thread for machines with more processors than libuv's pool has threads. Blocks in shared memory are not copied. */
export class WorkerLane implements Lane {
  readonly #worker: Worker;
  readonly #options: ZlibOptions;

  /** @param level 1 to 9 */
  constructor(level: number) {
    this.#options = wholeOptions(level);
    this.#worker = programThread(new URL('./deflate-thread.js', import.meta.url), {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION },
    });
    // If it fails while idle, the next block detects its end.
    this.#worker.on('error', () => undefined);
  }

  deflate(data: Buffer): Promise<Buffer> {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('a thread that compresses has ended'));
      const done = (deflated: Uint8Array): void => {
        worker.off('error', reject).off('exit', gone);
        resolve(Buffer.from(deflated.buffer, deflated.byteOffset, deflated.byteLength));
      };
      worker.once('error', reject).once('exit', gone).once('message', done);
      worker.postMessage({ block: data, options: this.#options });
      if (worker.threadId === -1) gone();
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
