/**
 * A gzip member (RFC 1952) whose blocks are deflated in parallel, as in pigz. The header has no name and no time: with
 * one version of zlib, the same input gives the same output.
 */
import { availableParallelism } from 'node:os';
import { crc32 } from 'node:zlib';
import { BLOCK, type Lane, PoolLane, WorkerLane } from './gzip-lane.js';

/** Almost as fast as 1, and smaller: see docs/performance.md. */
const DEFAULT_LEVEL = 2;

/** Magic, deflate, no flags, no time, no extra flags, unknown system. */
const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/** An empty last block. */
const LAST_BLOCK = [3, 0];

export interface GzipOptions {
  /** 1 to 9. @default 2 */
  readonly level?: number | undefined;
  /** How many blocks are compressed at once, at most 6. @default the number of cores */
  readonly threads?: number | undefined;
  /** Resolves to the CRC-32 of the data when that has ended. @default it is computed here */
  readonly checksum?: (() => Promise<number>) | undefined;
}

/** The version of the code below that decides the bytes. */
const VERSION = 2;

/** See `compressorId`. */
export function gzipId(level = DEFAULT_LEVEL): string {
  return `gzip-${level}-${VERSION}-${process.versions.zlib}`;
}

/** Returns a part of the output. */
type Job = () => Promise<Buffer>;

/**
 * Compresses `data`. A chunk is valid until the next one is requested. Failures of `data` are thrown unchanged; ending
 * it early ends `data` too.
 */
export async function* gzip(
  data: AsyncIterable<Buffer>,
  { level = DEFAULT_LEVEL, threads = availableParallelism(), checksum }: GzipOptions = {},
): AsyncGenerator<Buffer> {
  const deflater = new BlockDeflater(level, threads);
  // The header follows the first data: nothing starts earlier.
  const jobs: Job[] = [() => Promise.resolve(Buffer.from(HEADER))];
  let stored: Buffer | undefined;
  let crc = 0;
  let length = 0;

  function begin(block: Buffer): Job {
    const deflating = deflater.deflate(block);
    // Awaited later; until then a failure must not be unhandled.
    deflating.catch(() => undefined);
    return async () => {
      const deflated = await deflating;
      const bytes =
        deflated ?? store(block, (stored ??= Buffer.allocUnsafeSlow(storedSize(BLOCK))));
      deflater.giveBack(block);
      return bytes;
    };
  }

  try {
    for await (const block of blocks(data, deflater)) {
      if (checksum === undefined) crc = crc32(block, crc);
      length += block.length;
      jobs.push(begin(block));
      if (jobs.length >= deflater.depth) yield await (jobs.shift() as Job)();
    }
    for (const job of jobs) yield await job();
  } finally {
    await deflater.close();
  }
  const end = Buffer.from([...LAST_BLOCK, 0, 0, 0, 0, 0, 0, 0, 0]);
  end.writeUInt32LE(checksum === undefined ? crc : await checksum(), LAST_BLOCK.length);
  end.writeUInt32LE(length % 2 ** 32, LAST_BLOCK.length + 4);
  yield end;
}

/** Copies `data` into blocks; all but the last are full. */
async function* blocks(
  data: AsyncIterable<Buffer>,
  deflater: BlockDeflater,
): AsyncGenerator<Buffer> {
  let block: Buffer | undefined;
  let filled = 0;
  for await (const chunk of data) {
    for (let from = 0; from < chunk.length;) {
      block ??= deflater.take();
      const copied = chunk.copy(block, filled, from);
      from += copied;
      filled += copied;
      if (filled < BLOCK) continue;
      yield block;
      block = undefined;
      filled = 0;
    }
  }
  if (block) yield block.subarray(0, filled);
}

/** libuv's pool has four threads; one is left for files. */
const POOL_LANES = 3;
/** Each worker uses 16 MB, and with more of them hashing is the limit. */
const MAX_LANES = 6;
/** A worker starts in the time in which two others deflate this many blocks. */
const BLOCKS_BEFORE_WORKERS = 32;
/** Bytes of a random-looking block that are deflated as a trial, or inspected before. */
const TRIAL = 16 << 10;
/** The largest ratio of a worthwhile trial. */
const WORTHWHILE = 0.98;

/** Deflates blocks of at most {@link BLOCK} bytes in parallel; starts threads when they are needed. */
class BlockDeflater {
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

  /** Blocks that keep the threads busy while the oldest is consumed. */
  get depth(): number {
    return 2 * this.#threads;
  }

  /** A new or returned buffer of {@link BLOCK} bytes. */
  take(): Buffer {
    const free = this.#free.pop();
    if (free) return free;
    return this.#shared ? Buffer.from(new SharedArrayBuffer(BLOCK)) : Buffer.allocUnsafeSlow(BLOCK);
  }

  /** Returns a buffer of {@link take} that has no more readers. */
  giveBack(block: Buffer): void {
    this.#free.push(block);
  }

  /** Undefined if `data`, the front of a block of {@link take}, doesn't shrink. */
  async deflate(data: Buffer): Promise<Buffer | undefined> {
    const mayBeRandom = looksRandom(data);
    if (mayBeRandom && isRandom(data.subarray(0, TRIAL))) return undefined;
    this.#begun++;
    const lane = await this.#lane();
    try {
      if (mayBeRandom) {
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

  /** Ends the threads. Running blocks may never settle. */
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

/** Bytes of a stored block (RFC 1951, section 3.2.4), after a header of five bytes. */
const MAX_STORED = 0xffff;
const OVERHEAD = 5;

/** The size of `length` bytes in stored blocks. */
export function storedSize(length: number): number {
  return length + Math.ceil(length / MAX_STORED) * OVERHEAD;
}

/** Writes `data` to the front of `target` as stored blocks, and returns them. */
export function store(data: Buffer, target: Buffer): Buffer {
  let at = 0;
  for (let from = 0; from < data.length; from += MAX_STORED) {
    const length = Math.min(MAX_STORED, data.length - from);
    target[at] = 0;
    target.writeUInt16LE(length, at + 1);
    target.writeUInt16LE(~length & MAX_STORED, at + 3);
    at += OVERHEAD;
    at += data.copy(target, at, from, from + length);
  }
  return target.subarray(0, at);
}

/** Samples of a block, and bytes of each. */
const SAMPLES = 8;
const SAMPLE = 1024;
/** Bits per byte; random samples have 7.98. */
const HIGH_ENTROPY = 7.9;

/** Whether the bytes are distributed as in random or compressed data: a fast check, which repetitions can deceive. */
export function looksRandom(data: Buffer): boolean {
  const step = Math.floor(data.length / SAMPLES);
  if (step < SAMPLE) return false;
  const counts = new Uint32Array(256);
  for (let sample = 0; sample < SAMPLES; sample++) countBytes(data, sample * step, SAMPLE, counts);
  return entropyOf(counts, SAMPLES * SAMPLE) > HIGH_ENTROPY;
}

/** Repetitions in {@link TRIAL} bytes that save less than {@link WORTHWHILE} requires. */
const FEW = TRIAL / 1024;
const HASH_BITS = 14;
/** The last four bytes with each hash. */
const SEEN = new Int32Array(1 << HASH_BITS);

/** Whether deflating `data` saves next to nothing: its bytes are distributed evenly, and hardly any four of them occur twice. */
export function isRandom(data: Buffer): boolean {
  const counts = new Uint32Array(256);
  countBytes(data, 0, data.length, counts);
  if (entropyOf(counts, data.length) <= HIGH_ENTROPY) return false;
  SEEN.fill(0);
  let repetitions = 0;
  let four = 0;
  for (let at = 0; at < data.length; at++) {
    four = (four << 8) | (data[at] as number);
    const slot = Math.imul(four, 0x9e3779b1) >>> (32 - HASH_BITS);
    if (SEEN[slot] === four) repetitions++;
    SEEN[slot] = four;
  }
  return repetitions <= FEW;
}

function countBytes(data: Buffer, from: number, length: number, counts: Uint32Array): void {
  for (let at = from; at < from + length; at++) {
    const byte = data[at] as number;
    counts[byte] = (counts[byte] as number) + 1;
  }
}

/** Bits per byte. */
function entropyOf(counts: Uint32Array, total: number): number {
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= count * Math.log2(count / total);
  return bits / total;
}
