/**
 * One gzip member (RFC 1952) made by all cores, as pigz does: blocks are deflated apart from each
 * other, each ended on a byte boundary, so that they can stand one behind the other.
 * The header has no name and no time: one input gives one output for one version of zlib.
 */
import { availableParallelism } from 'node:os';
import { crc32 } from 'node:zlib';
import { BlockDeflater } from './gzip-deflater.js';
import { BLOCK } from './gzip-lane.js';
import { store, storedSize } from './gzip-stored.js';

/** Nearly as fast as 1, and smaller: docs/performance.md has the figures. */
const DEFAULT_LEVEL = 2;

/** Magic, deflate, no flags, no time, no extra flags, unknown system. */
const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
/** A last block without data. */
const LAST_BLOCK = [3, 0];

/** How to compress. */
export interface GzipOptions {
  /** 1 to 9. @default 2 */
  readonly level?: number | undefined;
  /** How many blocks are compressed at once, at most 6. @default the number of cores */
  readonly threads?: number | undefined;
}

/** Waits for a piece of the output. */
type Job = () => Promise<Buffer>;

/**
 * Yields what `data` compresses to. A chunk is valid until the next one is asked for. A failure
 * of `data` comes out as it is; ending it early ends `data` too.
 */
export async function* gzip(
  data: AsyncIterable<Buffer>,
  { level = DEFAULT_LEVEL, threads = availableParallelism() }: GzipOptions = {},
): AsyncGenerator<Buffer> {
  const deflater = new BlockDeflater(level, threads);
  // The header goes out when there is data: until then nothing has begun that would be ended.
  const jobs: Job[] = [() => Promise.resolve(Buffer.from(HEADER))];
  let stored: Buffer | undefined;
  let checksum = 0;
  let length = 0;

  function begin(block: Buffer): Job {
    const deflating = deflater.deflate(block);
    // It is awaited in its turn; until then a failure must not count as unhandled.
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
      checksum = crc32(block, checksum);
      length += block.length;
      jobs.push(begin(block));
      if (jobs.length >= deflater.depth) yield await (jobs.shift() as Job)();
    }
    for (const job of jobs) yield await job();
  } finally {
    await deflater.close();
  }
  const end = Buffer.from([...LAST_BLOCK, 0, 0, 0, 0, 0, 0, 0, 0]);
  end.writeUInt32LE(checksum, LAST_BLOCK.length);
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
