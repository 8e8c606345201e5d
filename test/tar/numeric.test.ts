import { describe, expect, test } from 'vitest';
import { SIZE, UID } from '../../src/tar/block.js';
import { readNumber, writeNumber } from '../../src/tar/header-fields.js';
import { putNumber } from '../support/write-tar.js';

const field = (bytes: string | Buffer): Buffer => {
  const block = Buffer.alloc(512);
  (typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes).copy(block, UID.at);
  return block;
};
const read = (bytes: string | Buffer): number => readNumber(field(bytes), 0, UID, 'uid');

describe('a number in a header', () => {
  test.each([
    ['0000000\0', 0],
    ['0001750\0', 1000],
    ['  1750 \0', 1000],
    ['1750 \0\0\0', 1000],
    ['1750    ', 1000],
    ['77777777', 8 ** 8 - 1],
    ['\0\0\0\0\0\0\0\0', 0],
    ['        ', 0],
    ['1750\0xyz', 1000],
    ['\x001750\0\0', 1000],
  ])('in octal is read: %j', (text, value) => {
    expect(read(text)).toBe(value);
  });

  test.each(['1758\0', 'NaN', '-1\0', '+1\0', '0x10\0', '1 2\0', '1750 x', '１'])(
    'that is none is refused: %j',
    (text) => {
      expect(() => read(text)).toThrowError(/the uid is not a number/);
    },
  );

  test.each([
    ['8000000000000000', 0],
    ['8000000080000000', 2 ** 31],
    ['801fffffffffffff', Number.MAX_SAFE_INTEGER],
    ['ffffffffffffffff', -1],
    ['ffffffffffffff00', -256],
    ['c0ffffffffffffff', undefined],
    ['8020000000000000', undefined],
    ['bfffffffffffffff', undefined],
  ])('in base-256 is read, or refused beyond 2^53 - 1: %s', (hex, value) => {
    const bytes = Buffer.from(hex, 'hex');
    if (value === undefined) expect(() => read(bytes)).toThrowError(/the uid is oversized/);
    else expect(read(bytes)).toBe(value);
  });

  test.each([
    0,
    1,
    1000,
    8 ** 7 - 1,
    8 ** 7,
    2 ** 31,
    2 ** 40,
    -1,
    -86400,
    Number.MAX_SAFE_INTEGER,
  ])('is written as GNU tar does: %d', (value) => {
    for (const { at, length } of [UID, SIZE]) {
      const [mine, theirs] = [Buffer.alloc(512, 0x55), Buffer.alloc(512, 0x55)];
      writeNumber(mine, 0, { at, length }, value);
      putNumber(theirs, at, length, value, false);
      expect(mine.toString('hex')).toBe(theirs.toString('hex'));
      expect(readNumber(mine, 0, { at, length }, 'it')).toBe(value);
    }
  });
});
