/** A byte queue between a producer and a consumer. */
import { describe, expect, it } from 'vitest';
import { RingBuffer } from '../../../../src/engine/embedded/speculation/ring-buffer.js';

const bytes = (length: number, seed = 7): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * seed) & 0xff));

/** What is taken of `length` bytes from `from` on. */
function taken(ring: RingBuffer, from: number, length: number): Buffer {
  const target = Buffer.alloc(length + 2);
  ring.take(target, 1, from, length);
  return target.subarray(1, -1);
}

describe('RingBuffer', () => {
  it.each([1, 7, 4096, 100_000])('returns the same bytes in pieces of %i', (piece) => {
    const all = bytes(Math.min(300_000, piece * 1000));
    const ring = new RingBuffer();
    const parts: Buffer[] = [];
    for (let at = 0; at < all.length; at += piece) {
      const end = Math.min(at + piece, all.length);
      ring.append(all.subarray(at, end));
      // The consumer lags, so that the ring wraps around.
      const from = parts.reduce((sum, { length }) => sum + length, 0);
      parts.push(taken(ring, from, Math.floor((end - from) / 2)));
    }
    const from = parts.reduce((sum, { length }) => sum + length, 0);
    parts.push(taken(ring, from, all.length - from));
    expect(Buffer.concat(parts).equals(all)).toBe(true);
    expect(ring.length).toBe(all.length);
  });

  it('wraps around many times', () => {
    const ring = new RingBuffer();
    const piece = bytes(1 << 20, 11);
    for (let at = 0; at < 20 << 20; at += piece.length) {
      ring.append(piece);
      ring.append(piece.subarray(0, 5));
      const end = ring.length;
      ring.take(Buffer.alloc(piece.length + 5), 0, end - piece.length - 5, piece.length + 5);
    }
    ring.append(piece);
    expect(taken(ring, ring.length - piece.length, piece.length).equals(piece)).toBe(true);
  });

  it('accepts a chunk larger than its capacity', () => {
    const ring = new RingBuffer();
    const [first, large] = [bytes(1000, 3), Buffer.alloc(20 << 20, 'x')];
    ring.append(first);
    ring.append(large);
    expect(taken(ring, 0, 1000).equals(first)).toBe(true);
    expect(taken(ring, 1000, large.length).equals(large)).toBe(true);
  });

  it('holds the producer back while too many bytes wait', async () => {
    const ring = new RingBuffer();
    expect(ring.ready()).toBeUndefined();
    ring.append(Buffer.alloc(3 << 20));
    let isReady = false;
    const ready = ring.ready()?.then(() => (isReady = true));
    await Promise.resolve();
    expect(isReady).toBe(false);
    ring.take(Buffer.alloc(2 << 20), 0, 0, 2 << 20);
    await ready;
    expect(isReady).toBe(true);
  });

  it('lets the consumer wait for bytes', async () => {
    const ring = new RingBuffer();
    const waiting = ring.whenReadable(3);
    ring.append(Buffer.from('ab'));
    ring.append(Buffer.from('c'));
    await waiting;
    expect(ring.whenReadable(3)).toBeUndefined();
    expect(taken(ring, 0, 3).toString()).toBe('abc');
  });

  it('refuses to read bytes that were taken or not appended yet', () => {
    const ring = new RingBuffer();
    ring.append(Buffer.from('abc'));
    ring.take(Buffer.alloc(2), 0, 0, 2);
    expect(() => ring.peek(Buffer.alloc(1), 0, 1, 1)).toThrow('passed by');
    expect(() => ring.peek(Buffer.alloc(2), 0, 2, 2)).toThrow('passed by');
  });

  it('rejects on both sides with the first failure', async () => {
    const ring = new RingBuffer();
    const waiting = ring.whenReadable(1);
    const reason = new Error('the disk is full');
    ring.fail(reason);
    ring.fail(new Error('another'));
    await expect(waiting).rejects.toBe(reason);
    await expect(ring.ready()).rejects.toBe(reason);
  });
});
