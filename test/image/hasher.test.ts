import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hasherFor } from '../../src/image/hasher.js';

const data = Buffer.from(Array.from({ length: 5_000_000 }, (_, at) => (at * 31) >>> 3));
const wanted = `sha256:${createHash('sha256').update(data).digest('hex')}`;
const LITTLE = 0;
/** Hashed by a thread where the processor has no instructions for it. */
const MORE = 100 << 20;
const MUCH = 1 << 30;

describe.each([LITTLE, MORE, MUCH])('a hasher for %i bytes', (expected) => {
  it.each([1, 1000, 64 * 1024, 512 * 1024, 3_000_000])('takes chunks of %i bytes', async (size) => {
    const hasher = hasherFor(expected);
    const all = size === 1 ? data.subarray(0, 5000) : data;
    const chunk = Buffer.alloc(size);
    for (let at = 0; at < all.length; at += size) {
      const length = all.copy(chunk, 0, at, at + size);
      await hasher.update(chunk.subarray(0, length));
      // The chunk is the producer's again.
      chunk.fill(0);
    }
    const own = createHash('sha256').update(all).digest('hex');
    expect(await hasher.digest()).toBe(size === 1 ? `sha256:${own}` : wanted);
    hasher.close();
  });

  it('of nothing has a digest too', async () => {
    const hasher = hasherFor(expected);
    await hasher.update(Buffer.alloc(0));
    expect(await hasher.digest()).toBe(`sha256:${createHash('sha256').digest('hex')}`);
    hasher.close();
  });
});

describe('a hasher that is closed', () => {
  it('rejects what still waits for it', async () => {
    const hasher = hasherFor(MUCH);
    const waiting = hasher.update(data);
    hasher.close();
    await expect(waiting).rejects.toThrow('the thread that hashes has ended');
    await expect(hasher.digest()).rejects.toThrow('the thread that hashes has ended');
  });
});
