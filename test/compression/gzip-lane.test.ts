/** Every lane gives the same bytes for a block, whatever it has deflated before. */
import { randomBytes } from 'node:crypto';
import { constants, deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import {
  BLOCK,
  type Lane,
  OUTPUT_CHUNK,
  PoolLane,
  WorkerLane,
} from '../../src/compression/gzip-lane.js';

const LEVEL = 2;

/** The output without the limits of a chunk. */
function alone(data: Buffer): Buffer {
  const finishFlush = constants.Z_SYNC_FLUSH;
  return deflateRawSync(data, { level: LEVEL, chunkSize: 2 * BLOCK, finishFlush });
}

const filler = randomBytes(BLOCK);
/** Random bytes whose output has so many bytes, or few less. */
function fillerOf(length: number): Buffer {
  let size = length;
  for (let over; (over = alone(filler.subarray(0, size)).length - length) > 0;) size -= over;
  return filler.subarray(0, size);
}

const text = Buffer.from(filler.toString('base64')).subarray(0, 100_000);

describe.each([
  ['a thread of the pool', () => new PoolLane(LEVEL)],
  ['a worker', () => new WorkerLane(LEVEL)],
] as const)('%s', (_, create) => {
  let lane: Lane;
  afterEach(() => lane.close());

  it('gives the same bytes for an output that ends near the end of a chunk', async () => {
    const expected = alone(text);
    for (let beyond = -12; beyond <= 12; beyond++) {
      lane = create();
      // Before it, an output so long that the next one ends there.
      await lane.deflate(fillerOf(OUTPUT_CHUNK - expected.length + beyond));
      expect(await lane.deflate(text), `${beyond} bytes beyond the chunk`).toEqual(expected);
      await lane.close();
    }
  });

  it.each([-6, -4, -1, 0, 1])(
    'gives the same bytes for an output that is as long as a chunk, and %i bytes',
    async (beyond) => {
      lane = create();
      const data = fillerOf(OUTPUT_CHUNK + beyond);
      expect(await lane.deflate(data)).toEqual(alone(data));
    },
  );
});
