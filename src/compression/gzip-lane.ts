/**
 * Where blocks are deflated (RFC 1951): one at a time, apart from what came before, and ended by an
 * empty stored block, which is Z_SYNC_FLUSH. Every kind of lane gives the same bytes.
 */
import type { TransformOptions } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { constants, createDeflateRaw, type ZlibOptions } from 'node:zlib';

/**
 * The most bytes a block has. Matches don't reach from block to block, which costs 0.6 % of the
 * size of a source tree with blocks of 512 KiB, and 2.3 % with pigz's 128 KiB.
 */
export const BLOCK = 512 << 10;
/** Less than most blocks become, so that little of the last chunk is left unused. */
const OUTPUT_CHUNK = 128 << 10;

/** Megabytes. A small young generation frees the outputs of a thread sooner. */
const YOUNG_GENERATION = 1;

/** Deflates one block at a time. Who made it closes it. */
export interface Lane {
  /** Reads `data` until it settles; the result is the caller's. */
  deflate(data: Buffer): Promise<Buffer>;
  /** What is under way fails, or never settles. */
  close(): Promise<void>;
}

/**
 * A thread of libuv's pool. The one zlib object is reset for each block: to make one for each takes
 * more time and twice the memory.
 */
export class PoolLane implements Lane {
  readonly #stream;

  /** @param level 1 to 9 */
  constructor(level: number) {
    // All of a block's output waits in the stream until the block is done.
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
        // A block that is under way when the stream is closed still comes to its end.
        if (error || stream.destroyed) return reject(error ?? new Error('closed'));
        const deflated = stream.read() as Buffer;
        stream.reset();
        resolve(deflated);
      });
    });
  }

  close(): Promise<void> {
    this.#stream.destroy();
    return Promise.resolve();
  }
}

/**
 * A thread of its own, for machines with more processors than libuv's pool has threads. Blocks in shared memory
 * get to it without a copy.
 */
export class WorkerLane implements Lane {
  readonly #worker: Worker;
  readonly #options: ZlibOptions;

  /** @param level 1 to 9 */
  constructor(level: number) {
    this.#options = { level, chunkSize: OUTPUT_CHUNK, finishFlush: constants.Z_SYNC_FLUSH };
    this.#worker = new Worker(new URL('./deflate-thread.js', import.meta.url), {
      // The flags of the process, such as --input-type, are for its own main file.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION },
    });
    // It may fail while it has nothing to do: the next block then finds that it has ended.
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
