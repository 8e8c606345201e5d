/** Deflates blocks side by side. Threads are started when there is work for them. */
import { BLOCK, type Lane, PoolLane, WorkerLane } from './gzip-lane.js';
import { looksRandom, storedSize } from './gzip-stored.js';

/** libuv's pool has four threads; one is left for files. */
const POOL_LANES = 3;
/** Each thread of our own takes 16 MB, and beyond this the hashing is what limits. */
const MAX_LANES = 6;
/** A thread of our own starts in the time in which two others deflate as many blocks. */
const BLOCKS_BEFORE_WORKERS = 32;
/** Bytes of a block that looks random that are deflated to see. */
const TRIAL = 16 << 10;
/** A trial that saves less than this part isn't worth the time. */
const WORTHWHILE = 0.98;

/** Blocks of at most {@link BLOCK} bytes in; pieces of one deflate stream out, none the last. */
export class BlockDeflater {
  readonly #level: number;
  readonly #threads: number;
  readonly #shared: boolean;
  readonly #lanes: Lane[] = [];
  readonly #idle: Lane[] = [];
  readonly #waiting: ((lane: Lane) => void)[] = [];
  readonly #free: Buffer[] = [];
  #begun = 0;

  /** @param level 1 to 9 @param threads how many blocks are deflated at once, at most 6 */
  constructor(level: number, threads: number) {
    this.#level = level;
    this.#threads = Math.max(1, Math.min(threads, MAX_LANES));
    this.#shared = this.#threads > POOL_LANES;
  }

  /** As many blocks as keep the threads busy while the oldest is taken away. */
  get depth(): number {
    return 2 * this.#threads;
  }

  /** A buffer of {@link BLOCK} bytes: a new one, or one that was given back. */
  take(): Buffer {
    const free = this.#free.pop();
    if (free) return free;
    return this.#shared ? Buffer.from(new SharedArrayBuffer(BLOCK)) : Buffer.allocUnsafeSlow(BLOCK);
  }

  /** Takes a buffer of {@link take} back when nobody reads it any more. */
  giveBack(block: Buffer): void {
    this.#free.push(block);
  }

  /** Undefined when `data`, the front of a block of {@link take}, doesn't shrink. */
  async deflate(data: Buffer): Promise<Buffer | undefined> {
    this.#begun++;
    const lane = await this.#lane();
    try {
      if (looksRandom(data)) {
        const trial = await lane.deflate(data.subarray(0, TRIAL));
        if (trial.length > TRIAL * WORTHWHILE) return undefined;
      }
      const deflated = await lane.deflate(data);
      return deflated.length < storedSize(data.length) ? deflated : undefined;
    } finally {
      const next = this.#waiting.shift();
      if (next) next(lane);
      else this.#idle.push(lane);
    }
  }

  /** Ends the threads. Blocks that are under way may never settle. */
  async close(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #lane(): Lane | Promise<Lane> {
    const idle = this.#idle.pop();
    if (idle) return idle;
    const count = this.#lanes.length;
    const pooled = count < POOL_LANES;
    if (count < this.#threads && (pooled || this.#begun > BLOCKS_BEFORE_WORKERS)) {
      const lane = pooled ? new PoolLane(this.#level) : new WorkerLane(this.#level);
      this.#lanes.push(lane);
      return lane;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
