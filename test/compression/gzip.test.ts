import { createHash, randomBytes } from 'node:crypto';
import { deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  gzip,
  type GzipOptions,
  isRandom,
  looksRandom,
  store,
  storedSize,
} from '../../src/compression/gzip.js';
import { BLOCK, PoolLane, WorkerLane } from '../../src/compression/gzip-lane.js';
import { chunked, collected } from './chunks.js';

const most = made(3 << 20);

/** Text that shrinks. */
function text(length: number): Buffer {
  const copies = Math.ceil(length / most.length);
  return Buffer.concat(
    Array.from({ length: copies }, () => most),
    length,
  );
}

/** No two blocks of it are the same. */
function made(length: number): Buffer {
  const line = (index: number): string =>
    `${index}: ${Math.imul(index, 2654435761).toString(36)}\n`;
  let lines = '';
  for (let index = 0; lines.length < length; index++) lines += line(index);
  return Buffer.from(lines).subarray(0, length);
}

const compressed = (data: Buffer, options?: GzipOptions, chunk = 64 << 10): Promise<Buffer> =>
  collected(gzip(chunked(data, chunk), options));

describe('gzip', () => {
  it.each([0, 1, 70_000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 5])(
    'gives %i bytes back as they were',
    async (length) => {
      for (const data of [text(length), randomBytes(length)]) {
        expect(gunzipSync(await compressed(data)).equals(data)).toBe(true);
      }
    },
  );

  it('gives the same bytes in chunks of any size', async () => {
    const data = text(BLOCK + 1000);
    const whole = await compressed(data);
    expect((await compressed(data, {}, BLOCK * 2)).equals(whole)).toBe(true);
    expect((await compressed(data, {}, 4097)).equals(whole)).toBe(true);
    expect(
      (await compressed(data.subarray(0, 5000), {}, 1)).equals(
        await compressed(data.subarray(0, 5000)),
      ),
    ).toBe(true);
  });

  it('gives the same bytes with one thread and with threads of its own', async () => {
    const data = Buffer.concat([Buffer.alloc(30 * BLOCK), randomBytes(2 * BLOCK), text(8 * BLOCK)]);
    const one = await compressed(data, { threads: 1 });
    const five = await compressed(data, { threads: 5 });
    expect(five.equals(one)).toBe(true);
    expect(gunzipSync(one).equals(data)).toBe(true);
  });

  it('has no time and no name in its header', async () => {
    const bytes = await compressed(text(10));
    expect(bytes.subarray(0, 10).toString('hex')).toBe('1f8b08000000000000ff');
  });

  it('is hardly larger than one stream without blocks', async () => {
    const data = text(4 * BLOCK);
    const ours = (await compressed(data, { level: 6 })).length;
    expect(ours / gzipSync(data, { level: 6 }).length).toBeLessThan(1.02);
  });

  it('stores what does not shrink, at most 0.01 % larger', async () => {
    const data = randomBytes(4 * BLOCK);
    expect((await compressed(data)).length).toBe(10 + 4 * storedSize(BLOCK) + 10);
  });

  it('compresses what looks random and repeats', async () => {
    const data = Buffer.alloc(2 * BLOCK, randomBytes(12_345));
    expect(looksRandom(data)).toBe(true);
    expect((await compressed(data)).length).toBeLessThan(data.length / 10);
  });

  it('inspects random bytes in place of deflating them, with the same decision', () => {
    const random = randomBytes(16 << 10);
    const parts = Array.from({ length: 16 }, () => [random.subarray(0, 100), randomBytes(924)]);
    const small = Buffer.from(random.map((byte) => byte & 0xf7));
    const known: [Buffer, boolean][] = [
      [random, true],
      [Buffer.alloc(16 << 10, random.subarray(0, 12_345)), false],
      [Buffer.alloc(16 << 10), false],
      [Buffer.concat(parts.flat()), false],
      [small, false],
    ];
    for (const [data, expected] of known) {
      expect(isRandom(data)).toBe(expected);
      const deflated = deflateRawSync(data, { level: 9 }).length;
      expect(deflated > data.length * 0.98).toBe(expected);
    }
  });

  it('takes higher levels as smaller', async () => {
    const data = text(BLOCK);
    const [fast, small] = [
      await compressed(data, { level: 1 }),
      await compressed(data, { level: 9 }),
    ];
    expect(small.length).toBeLessThan(fast.length);
  });

  it('hands a failure of the data on, whatever is under way', async () => {
    const failure = new Error('the tar ended early');
    for (const length of [0, 10, 7 * BLOCK]) {
      async function* failing(): AsyncGenerator<Buffer> {
        yield* chunked(text(length), 64 << 10);
        throw failure;
      }
      await expect(collected(gzip(failing()))).rejects.toBe(failure);
    }
  });

  it('ends the data when nobody wants the rest', async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<Buffer> {
      try {
        for (;;) yield* chunked(text(BLOCK), BLOCK);
      } finally {
        ended = true;
      }
    }
    let taken = 0;
    for await (const chunk of gzip(endless(), { threads: 5 }))
      if ((taken += chunk.length) > BLOCK) break;
    expect(ended).toBe(true);
  });

  it('reads no more ahead than keeps its threads busy', async () => {
    let read = 0;
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const chunk of chunked(text(40 * BLOCK), BLOCK)) {
        read++;
        yield chunk;
      }
    }
    const chunks = gzip(counted(), { threads: 2 });
    await chunks.next();
    await chunks.next();
    expect(read).toBeLessThanOrEqual(5);
    await chunks.return(undefined);
  });
});

describe('the lanes', () => {
  it('give the same bytes for one block, whatever came before it', async () => {
    for (const level of [1, 2, 6]) {
      const lanes = [new PoolLane(level), new WorkerLane(level)];
      const blocks = [text(BLOCK), randomBytes(BLOCK), text(100)];
      const digests = await Promise.all(
        lanes.map(async (lane) => {
          const hash = createHash('sha256');
          for (const block of blocks) hash.update(await lane.deflate(block));
          return hash.digest('hex');
        }),
      );
      expect(digests[0]).toBe(digests[1]);
      const first = await (lanes[0] as PoolLane).deflate(text(BLOCK));
      expect((await (lanes[1] as WorkerLane).deflate(text(BLOCK))).equals(first)).toBe(true);
      await Promise.all(lanes.map((lane) => lane.close()));
    }
  });

  it('tell when their thread is gone', async () => {
    const lane = new WorkerLane(2);
    await lane.deflate(text(10));
    const last = lane.deflate(text(BLOCK));
    await Promise.all([lane.close(), expect(last).rejects.toThrow('has ended')]);
    await expect(lane.deflate(text(10))).rejects.toThrow('has ended');
  });
});

describe('stored blocks', () => {
  it.each([0, 1, 65535, 65536, BLOCK])('have %i bytes in pieces of at most 65,535', (length) => {
    const data = randomBytes(length);
    const stored = store(data, Buffer.alloc(storedSize(BLOCK)));
    expect(stored.length).toBe(storedSize(length));
    const pieces: Buffer[] = [];
    for (let at = 0; at < stored.length;) {
      const size = stored.readUInt16LE(at + 1);
      expect(stored[at]).toBe(0);
      expect(stored.readUInt16LE(at + 3)).toBe(size ^ 0xffff);
      pieces.push(stored.subarray(at + 5, at + 5 + size));
      at += 5 + size;
    }
    expect(Buffer.concat(pieces).equals(data)).toBe(true);
  });

  it('are for what looks random, not for text, zeros, little data or a mixture', () => {
    expect(looksRandom(randomBytes(BLOCK))).toBe(true);
    expect(looksRandom(gzipSync(text(8 * BLOCK)).subarray(0, 64 << 10))).toBe(true);
    expect(looksRandom(text(BLOCK))).toBe(false);
    expect(looksRandom(Buffer.alloc(BLOCK))).toBe(false);
    expect(looksRandom(randomBytes(1000))).toBe(false);
    expect(looksRandom(Buffer.concat([randomBytes(BLOCK / 2), text(BLOCK / 2)]))).toBe(false);
  });
});
