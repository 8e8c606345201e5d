import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { PushStream } from '../../src/sink/stream.js';

const MiB = 1 << 20;

describe('a stream that is fed', () => {
  it.each([1, 1000, MiB, 3 * MiB])('has all bytes, fed by %i', async (size) => {
    const bytes = Buffer.from(Array.from({ length: size === 1 ? 100 : 5000 }, (_, at) => at % 251));
    const stream = new PushStream(MiB);
    const read = buffer(stream);
    for (let at = 0; at < bytes.length; at += size) {
      const piece = Buffer.from(bytes.subarray(at, at + size));
      stream.feed(piece);
      // The feeder's buffer is its own again.
      piece.fill(0xee);
      await stream.ready();
    }
    stream.end();
    expect((await read).equals(bytes)).toBe(true);
  });

  it('lets its feeder wait while it is full, and no longer', async () => {
    const stream = new PushStream(MiB);
    expect(stream.ready()).toBeUndefined();
    stream.feed(Buffer.alloc(MiB));
    const ready = stream.ready();
    expect(ready).toBeInstanceOf(Promise);
    const read = buffer(stream);
    await ready;
    stream.end();
    expect(await read).toHaveLength(MiB);
  });

  it('drops bytes after it is destroyed, and does not block the producer', async () => {
    const stream = new PushStream(MiB);
    stream.feed(Buffer.alloc(2 * MiB));
    const ready = stream.ready();
    stream.destroy();
    await ready;
    stream.feed(Buffer.alloc(2 * MiB));
    stream.end();
    expect(stream.ready()).toBeUndefined();
  });
});
