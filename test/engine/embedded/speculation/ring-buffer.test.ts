/** Bytes that pass from one side to the other. */
import { describe, expect, it } from 'vitest';
import { Passing } from '../../../../src/engine/embedded/speculation/ring-buffer.js';

const bytes = (length: number, seed = 7): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * seed) & 0xff));

/** What is taken of `length` bytes from `from` on. */
function taken(passing: Passing, from: number, length: number): Buffer {
  const target = Buffer.alloc(length + 2);
  passing.take(target, 1, from, length);
  return target.subarray(1, -1);
}

describe('bytes that pass', () => {
  it.each([1, 7, 4096, 100_000])('are the same in pieces of %i', (piece) => {
    const all = bytes(Math.min(300_000, piece * 1000));
    const passing = new Passing();
    const parts: Buffer[] = [];
    for (let at = 0; at < all.length; at += piece) {
      const end = Math.min(at + piece, all.length);
      passing.append(all.subarray(at, end));
      // A little behind, so that the ring goes round.
      const from = parts.reduce((sum, { length }) => sum + length, 0);
      parts.push(taken(passing, from, Math.floor((end - from) / 2)));
    }
    const from = parts.reduce((sum, { length }) => sum + length, 0);
    parts.push(taken(passing, from, all.length - from));
    expect(Buffer.concat(parts).equals(all)).toBe(true);
    expect(passing.length).toBe(all.length);
  });

  it('go round a ring that is full many times over', () => {
    const passing = new Passing();
    const piece = bytes(1 << 20, 11);
    for (let at = 0; at < 20 << 20; at += piece.length) {
      passing.append(piece);
      passing.append(piece.subarray(0, 5));
      const end = passing.length;
      passing.take(Buffer.alloc(piece.length + 5), 0, end - piece.length - 5, piece.length + 5);
    }
    passing.append(piece);
    expect(taken(passing, passing.length - piece.length, piece.length).equals(piece)).toBe(true);
  });

  it('may come in a chunk that is larger than all that may wait', () => {
    const passing = new Passing();
    const [first, large] = [bytes(1000, 3), Buffer.alloc(20 << 20, 'x')];
    passing.append(first);
    passing.append(large);
    expect(taken(passing, 0, 1000).equals(first)).toBe(true);
    expect(taken(passing, 1000, large.length).equals(large)).toBe(true);
  });

  it('hold their producer back while too many wait, and go on when some are taken', async () => {
    const passing = new Passing();
    expect(passing.ready()).toBeUndefined();
    passing.append(Buffer.alloc(3 << 20));
    let isReady = false;
    const ready = passing.ready()?.then(() => (isReady = true));
    await Promise.resolve();
    expect(isReady).toBe(false);
    passing.take(Buffer.alloc(2 << 20), 0, 0, 2 << 20);
    await ready;
    expect(isReady).toBe(true);
  });

  it('are waited for by their reader', async () => {
    const passing = new Passing();
    const landing = passing.landing(3);
    passing.append(Buffer.from('ab'));
    passing.append(Buffer.from('c'));
    await landing;
    expect(passing.landing(3)).toBeUndefined();
    expect(taken(passing, 0, 3).toString()).toBe('abc');
  });

  it('are gone once they were taken, and not there before they come', () => {
    const passing = new Passing();
    passing.append(Buffer.from('abc'));
    passing.take(Buffer.alloc(2), 0, 0, 2);
    expect(() => passing.peek(Buffer.alloc(1), 0, 1, 1)).toThrow('passed by');
    expect(() => passing.peek(Buffer.alloc(2), 0, 2, 2)).toThrow('passed by');
  });

  it('tell both sides why nobody takes them', async () => {
    const passing = new Passing();
    const landing = passing.landing(1);
    const why = new Error('the disk is full');
    passing.fail(why);
    passing.fail(new Error('another'));
    await expect(landing).rejects.toBe(why);
    await expect(passing.ready()).rejects.toBe(why);
  });
});
