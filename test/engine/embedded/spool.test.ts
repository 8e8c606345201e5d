import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Spool } from '../../../src/engine/embedded/spool.js';

const folder = mkdtempSync(join(tmpdir(), 'spool-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 7919) >>> 5));

describe('a spool', () => {
  it.each([1, 7, 511, 4096, 1 << 20, bytes.length])('takes pieces of %i bytes', (size) => {
    const spool = new Spool(folder);
    const all = size === 1 ? bytes.subarray(0, 100_000) : bytes;
    for (let at = 0; at < all.length; at += size) spool.append(all.subarray(at, at + size));
    expect(spool.length).toBe(all.length);
    const back = Buffer.alloc(all.length);
    spool.read(back, 0, 0, all.length);
    expect(back.equals(all)).toBe(true);
    spool.close();
  });

  it('is read in any order, while it is still written', () => {
    const spool = new Spool(folder);
    spool.append(bytes);
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return seed % below;
    };
    let next = 0;
    for (let turn = 0; turn < 500; turn++) {
      const length = random(turn % 10 === 0 ? 600_000 : 3000);
      // One behind the other as a rule, which is read ahead.
      const offset =
        turn % 3 === 0 ? random(bytes.length - 600_000) : next % (bytes.length - 600_000);
      const target = Buffer.alloc(length + 2, 0xee);
      spool.read(target, 1, offset, length);
      expect(target.subarray(1, 1 + length).equals(bytes.subarray(offset, offset + length))).toBe(
        true,
      );
      expect([target[0], target[length + 1]]).toEqual([0xee, 0xee]);
      next = offset + length;
      spool.append(bytes.subarray(0, 10));
    }
    spool.close();
  });

  it('has no name, so that nothing is left of it', () => {
    const spool = new Spool(folder);
    spool.append(bytes);
    expect(readdirSync(folder)).toEqual([]);
    spool.close();
  });

  it('says which folder it can’t be made in', () => {
    const spool = new Spool(join(folder, 'missing'));
    expect(() => spool.append(bytes)).toThrow(
      expect.objectContaining({ kind: 'output', hint: 'TMPDIR names another folder' }),
    );
  });
});
