/** A lane with a thread of its own, for machines with more cores than libuv's pool has threads. */
import { Worker } from 'node:worker_threads';
import { OUTPUT_CHUNK, type Lane } from './gzip-lane.js';

/**
 * What the thread runs. A text, because a thread can't be started from a TypeScript file, nor from
 * a file that a bundler has merged into another.
 */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { constants, deflateRawSync } = require('node:zlib');
const options = { ...workerData, finishFlush: constants.Z_SYNC_FLUSH };
parentPort.on('message', (data) => {
  const deflated = new Uint8Array(deflateRawSync(data, options));
  parentPort.postMessage(deflated, [deflated.buffer]);
});
`;

/** Megabytes. The outputs that nobody needs any more are freed sooner when this is small. */
const YOUNG = 1;

/** A thread that deflates. Blocks get to it without a copy when they are in shared memory. */
export class WorkerLane implements Lane {
  readonly #worker: Worker;

  /** @param level 1 to 9 */
  constructor(level: number) {
    this.#worker = new Worker(PROGRAM, {
      eval: true,
      workerData: { level, chunkSize: OUTPUT_CHUNK },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG },
    });
    // It may fail while nothing is asked of it: the next block then finds it gone.
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
      worker.postMessage(data);
      if (worker.threadId === -1) gone();
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
