/** A byte queue between a producer and a consumer. */
import { describe, expect, it } from 'vitest';
import { RingBuffer } from '../../../../src/engine/embedded/spool/ring-buffer.js';

const bytes = (length: number, seed = 7): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * seed) & 0xff));

/** What is taken of `length` bytes from `from` on. */
function taken(ring: RingBuffer, from: number, length: number): Buffer {
  const target = Buffer.alloc(length + 2);
  ring.read(target, 1, from, length);
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
      ring.read(Buffer.alloc(piece.length + 5), 0, end - piece.length - 5, piece.length + 5);
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

  it('refuses to read bytes that were taken or not appended yet', () => {
    const ring = new RingBuffer();
    ring.append(Buffer.from('abc'));
    ring.read(Buffer.alloc(2), 0, 0, 2);
    expect(() => ring.read(Buffer.alloc(1), 0, 1, 1)).toThrow('passed by');
    expect(() => ring.read(Buffer.alloc(2), 0, 2, 2)).toThrow('passed by');
  });
});
