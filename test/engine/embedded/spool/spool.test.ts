import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Spool } from '../../../../src/engine/embedded/spool/spool.js';

const folder = mkdtempSync(join(tmpdir(), 'spool-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7919) >>> 5));
/** More than is kept in memory, and than may be under way at once. */
const large = Buffer.concat(Array.from({ length: 7 }, () => bytes));

/** A generator of numbers that are the same each time. */
function numbers(): (below: number) => number {
  let seed = 1;
  return (below) => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed % below;
  };
}

function readBack(spool: Spool, offset: number, length: number): Buffer {
  const target = Buffer.alloc(length + 2, 0xee);
  spool.read(target, 1, offset, length);
  expect([target[0], target[length + 1]]).toEqual([0xee, 0xee]);
  return target.subarray(1, 1 + length);
}

describe('a spool', () => {
  it.each([1, 7, 511, 4096, 1 << 20, large.length])('takes pieces of %i bytes', async (size) => {
    const spool = new Spool(folder);
    const all = size === 1 ? bytes.subarray(0, 100_000) : large;
    const offset = spool.begin(all.length);
    for (let at = 0; at < all.length; at += size) {
      spool.append(all.subarray(at, at + size));
      await spool.ready();
    }
    await spool.settle();
    expect(spool.length).toBe(all.length);
    expect(readBack(spool, offset, all.length).equals(all)).toBe(true);
    spool.close();
  });

  it('takes more at once than can be under way, from who doesn’t wait', () => {
    const spool = new Spool(folder);
    const offset = spool.begin();
    for (let at = 0; at < large.length; at += 65_536) spool.append(large.subarray(at, at + 65_536));
    expect(readBack(spool, offset, large.length).equals(large)).toBe(true);
    spool.close();
  });

  it.each([1, 1000, 70_000])(
    'wakes a reader that waits for the last bytes, appended %i at a time',
    async (size) => {
      const spool = new Spool(folder);
      const content = bytes.subarray(0, 70_000);
      const offset = spool.begin(content.length);
      spool.append(content.subarray(0, 10));
      const readable = spool.whenReadable(offset + content.length);
      for (let at = 10; at < content.length; at += size)
        spool.append(content.subarray(at, at + size));
      await readable;
      expect(readBack(spool, offset, content.length).equals(content)).toBe(true);
      spool.close();
    },
  );

  it('is read in any order, while it is still written', () => {
    const spool = new Spool(folder);
    spool.begin();
    spool.append(bytes);
    const random = numbers();
    let next = 0;
    for (let turn = 0; turn < 500; turn++) {
      const length = random(turn % 10 === 0 ? 600_000 : 3000);
      // One behind the other as a rule, which is read ahead.
      const offset =
        turn % 3 === 0 ? random(bytes.length - 600_000) : next % (bytes.length - 600_000);
      const read = readBack(spool, offset, length);
      expect(read.equals(bytes.subarray(offset, offset + length))).toBe(true);
      next = offset + length;
      spool.append(bytes.subarray(0, 10));
    }
    spool.close();
  });

  it('keeps small contents and large ones apart', async () => {
    const spool = new Spool(folder);
    const random = numbers();
    const contents: { offset: number; content: Buffer }[] = [];
    for (let turn = 0; turn < 400; turn++) {
      const size = random(turn % 8 === 0 ? 300_000 : 60_000);
      const content = bytes.subarray(random(1_000_000)).subarray(0, size);
      const offset = spool.begin(turn % 5 === 0 ? undefined : size);
      spool.append(content.subarray(0, size >> 1));
      spool.append(content.subarray(size >> 1));
      contents.push({ offset, content });
    }
    await spool.settle();
    for (const { offset, content } of contents.reverse())
      expect(readBack(spool, offset, content.length).equals(content)).toBe(true);
    expect(spool.length).toBe(contents.reduce((sum, { content }) => sum + content.length, 0));
    spool.close();
  });

  it('puts small contents on disk when there are too many', async () => {
    const spool = new Spool(folder);
    const content = bytes.subarray(0, 60_000);
    const offsets = Array.from({ length: 2000 }, () => {
      const offset = spool.begin(content.length);
      spool.append(content);
      return offset;
    });
    await spool.settle();
    expect(offsets.some((offset) => offset < 1e9)).toBe(true);
    for (const offset of [offsets[0] as number, offsets.at(-1) as number])
      expect(readBack(spool, offset, content.length).equals(content)).toBe(true);
    spool.close();
  });

  it('has no name, so that nothing is left of it', () => {
    const spool = new Spool(folder);
    spool.append(bytes);
    expect(readdirSync(folder)).toEqual([]);
    spool.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('says which folder it can’t be made in', () => {
    const spool = new Spool(join(folder, 'missing'));
    expect(() => spool.append(large)).toThrow(
      expect.objectContaining({
        kind: 'output',
        hint: expect.stringMatching(/TMPDIR.*--tmpfs/) as string,
      }),
    );
  });
});

describe('a diverted content', () => {
  /** A spool that diverts a content of `size` bytes, of which `head` has arrived. */
  function diverting(size: number, head = Buffer.alloc(0)): { spool: Spool; offset: number } {
    const spool = new Spool(folder);
    const offset = spool.reserve(size);
    spool.divert(offset, head);
    return { spool, offset };
  }

  it('holds the producer back while too many bytes wait', async () => {
    const { spool, offset } = diverting(3 << 20);
    expect(spool.ready()).toBeUndefined();
    spool.append(Buffer.alloc(3 << 20));
    let isReady = false;
    const ready = spool.ready()?.then(() => (isReady = true));
    await Promise.resolve();
    expect(isReady).toBe(false);
    spool.read(Buffer.alloc(2 << 20), 0, offset, 2 << 20);
    await ready;
    expect(isReady).toBe(true);
  });

  it('lets the consumer wait for bytes', async () => {
    const { spool, offset } = diverting(3);
    const waiting = spool.whenReadable(offset + 3);
    spool.append(Buffer.from('ab'));
    spool.append(Buffer.from('c'));
    await waiting;
    expect(spool.whenReadable(offset + 3)).toBeUndefined();
    expect(readBack(spool, offset, 3).toString()).toBe('abc');
  });

  it('rejects on both sides with the first failure', async () => {
    const { spool, offset } = diverting(1);
    const waiting = spool.whenReadable(offset + 1);
    const reason = new Error('the disk is full');
    spool.fail(reason);
    spool.fail(new Error('another'));
    await expect(waiting).rejects.toBe(reason);
    await expect(spool.ready()).rejects.toBe(reason);
  });
});
