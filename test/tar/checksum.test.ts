import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DockerceptionError } from '../../src/errors.js';
import type { EntryHeader } from '../../src/tar/entry-header.js';
import { sumOf, verifiedSum, writeChecksum } from '../../src/tar/header-fields.js';
import { walk } from '../support/walk.js';
import { header } from '../support/write-tar.js';

const plain = (block: Buffer): number =>
  block.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0);

describe('a checksum', () => {
  test('holds for a header, at any offset', () => {
    const block = header({ name: 'x' });
    for (const at of [0, 1, 3, 511]) {
      expect(verifiedSum(Buffer.concat([Buffer.alloc(at), block]), at) >= 0).toBe(true);
    }
  });

  test('does not hold when any byte of the header is another', () => {
    const block = header({ name: 'x', uid: 2 ** 31 });
    for (let at = 0; at < 512; at++) {
      // Behind its NUL the field says nothing.
      if (at >= 154 && at < 156) continue;
      const damaged = Buffer.from(block);
      damaged[at] = ((block[at] as number) + 1) & 0xff;
      expect(verifiedSum(damaged, 0) >= 0, `byte ${at}`).toBe(false);
    }
  });

  test('is the sum of the bytes, whatever they are', () => {
    for (const fill of [0, 1, 0x7f, 0x80, 0xff]) {
      for (const at of [0, 1, 2, 3, 5]) {
        const block = Buffer.alloc(512 + at, fill);
        expect(sumOf(block, at)).toBe(plain(block.subarray(at)));
      }
    }
    const mixed = Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 37) & 0xff));
    expect(sumOf(mixed, 0)).toBe(plain(mixed));
  });

  test.each([
    ['six digits, NUL, space', (sum: string) => `${sum.padStart(6, '0')}\0 `],
    ['seven digits, NUL', (sum: string) => `${sum.padStart(7, '0')}\0`],
    ['spaces in front', (sum: string) => `${sum.padStart(6, ' ')}\0 `],
    ['eight digits', (sum: string) => sum.padStart(8, '0')],
    ['a space behind', (sum: string) => `${sum.padStart(6, '0')} \0`],
  ])('holds as %s', (_, write) => {
    const block = header({ name: 'x' });
    block.write(write(plain(block).toString(8)), 148, 'latin1');
    expect(verifiedSum(block, 0) >= 0).toBe(true);
  });

  test('holds when signed bytes were summed', () => {
    const block = header({ name: Buffer.from('caf\xe9', 'latin1') });
    block.write(`${(plain(block) - 256).toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    expect(verifiedSum(block, 0) >= 0).toBe(true);
  });

  test('that is no number does not hold, and is no exception', () => {
    const block = header({ name: 'x' });
    block.write('checksum', 148, 'latin1');
    expect(verifiedSum(block, 0) >= 0).toBe(false);
    expect(verifiedSum(Buffer.alloc(512, 0xff), 0) >= 0).toBe(false);
  });

  test('is written as six digits, NUL, space', () => {
    const block = header({ name: 'x' });
    const wanted = Buffer.from(block);
    block.fill(0, 148, 156);
    writeChecksum(block, 0);
    expect(block.equals(wanted)).toBe(true);
  });
});

const EDITS: readonly ((entry: EntryHeader, value: number) => void)[] = [
  (entry, value) => (entry.uid = value),
  (entry, value) => (entry.gid = value),
  (entry, value) => (entry.mode = value),
  (entry, value) => (entry.mtime = value),
  (entry, value) => (entry.uname = 'x'.repeat(value % 40)),
  (entry, value) => (entry.gname = value % 2 === 0 ? '' : 'users'),
  (entry, value) => (entry.path = 'p'.repeat(1 + (value % 300))),
  (entry, value) => (entry.linkpath = 'l'.repeat(value % 120)),
  (entry, value) => (entry.typeflag = String(value % 7)),
  (entry, value) => entry.mapTimes((time) => time + value),
];

test('a checksum is right after any edits of any header', () => {
  const edits = fc.array(fc.tuple(fc.constantFrom(...EDITS), fc.nat()), { maxLength: 6 });
  const damage = fc.array(fc.tuple(fc.nat(511), fc.nat(255)), { maxLength: 4 });
  let written = 0;
  fc.assert(
    fc.property(edits, damage, (chosen, places) => {
      const block = header({ name: 'x', uid: 1000, gid: 2 ** 31, mtime: 1e9 });
      for (const [at, byte] of places) block[at] = byte;
      writeChecksum(block, 0);
      let output: Buffer;
      try {
        ({ output } = walk(block, (entry) => {
          for (const [edit, value] of chosen) edit(entry, value);
        }));
      } catch (error) {
        if (error instanceof DockerceptionError) return;
        throw error;
      }
      const last = output.subarray(-512);
      expect(parseInt(last.toString('latin1', 148, 154), 8)).toBe(plain(last));
      written++;
    }),
    { numRuns: 2000 },
  );
  expect(written).toBeGreaterThan(500);
});
