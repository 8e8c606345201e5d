import { describe, expect, test } from 'vitest';
import { decimal, PaxRecords } from '../../src/tar/pax.js';
import { record } from '../support/write-tar.js';

const parse = (...records: (readonly [string, string | Uint8Array])[]): PaxRecords =>
  PaxRecords.parse(Buffer.concat(records.map(([key, value]) => record(key, value))));

describe('PAX records', () => {
  test('leave byte for byte when nothing was set', () => {
    const data = Buffer.concat([
      record('path', 'Grüße'),
      record('SCHILY.xattr.user.b', Buffer.from('00ff0a3d0a', 'hex')),
      record('GNU.sparse.offset', '1'),
      record('GNU.sparse.offset', '2'),
      record('empty', ''),
    ]);
    const records = PaxRecords.parse(data);
    expect(records.serialize().equals(data)).toBe(true);
    expect(records.changed).toBe(false);
  });

  test('hold newlines and equals signs in values', () => {
    expect(parse(['comment', 'a=b\nc']).get('comment')?.toString()).toBe('a=b\nc');
  });

  test('count the last of several', () => {
    const records = parse(['uid', '1'], ['uid', '2']);
    expect(records.get('uid')?.toString()).toBe('2');
    expect(records.repeats('uid')).toBe(true);
    expect(parse(['uid', '1']).repeats('uid')).toBe(false);
  });

  test('that are set stand in the place of the first, alone', () => {
    const records = parse(['uid', '1'], ['path', 'x'], ['uid', '2']);
    records.set('uid', Buffer.from('0'));
    expect(records.serialize().toString()).toBe('8 uid=0\n9 path=x\n');
    expect(records.changed).toBe(true);
  });

  test('that are set to what they are have not changed', () => {
    const records = parse(['uid', '0']);
    records.set('uid', Buffer.from('0'));
    records.delete('gid');
    expect(records.changed).toBe(false);
  });

  test('that are deleted are gone, each of them', () => {
    const records = parse(['uid', '1'], ['uid', '2']);
    records.delete('uid');
    expect(records).toMatchObject({ changed: true, isEmpty: true });
    expect(records.keys()).toEqual([]);
  });

  test.each([1, 2, 5, 90, 91, 92, 93, 94, 95, 96, 97, 98, 987, 988, 989, 990, 9985, 9986, 99999])(
    'count their own digits, with a value of %i bytes',
    (size) => {
      const records = PaxRecords.empty();
      records.set('k', Buffer.alloc(size, 0x61));
      const data = records.serialize();
      expect(data.toString('latin1', 0, data.indexOf(0x20))).toBe(String(data.length));
      expect(PaxRecords.parse(data).get('k')).toHaveLength(size);
    },
  );

  test.each([
    '5 a=b',
    '6 a=b',
    '06a=b\n',
    ' a=b\n',
    'a=b\n',
    '-6 a=b\n',
    '6.0 a=b\n',
    '+6 a=b\n',
    '0 a=b\n',
    '5 ab\n\n',
    '5 =b\n',
    '6 =bb\n',
    '8 a\0b=c\n',
    '7 a=b\n',
    '99999999 a=b\n',
    '6 a=b\n\0',
    '6 a=b\nx',
    '\n',
    ' ',
    '=',
    '3 \n',
  ])('that are malformed are refused: %j', (text) => {
    expect(() => PaxRecords.parse(Buffer.from(text))).toThrowError(/malformed/);
  });

  test('a hundred thousand of them, all with the same key, are set and deleted at once', () => {
    const many = (): PaxRecords => PaxRecords.parse(Buffer.from('7 uid=\n'.repeat(140_000)));
    const started = performance.now();
    const set = many();
    set.set('uid', Buffer.from('0'));
    const deleted = many();
    deleted.delete('uid');
    expect(set.serialize().toString()).toBe('8 uid=0\n');
    expect(deleted.isEmpty).toBe(true);
    expect(performance.now() - started).toBeLessThan(3000);
  });
});

describe('a number in a PAX record', () => {
  const numberOf = (text: string, fraction: boolean): number | undefined =>
    parse([fraction ? 'mtime' : 'k', text]).number(fraction ? 'mtime' : 'k');

  test.each([
    ['0', false, 0],
    ['00012', false, 12],
    ['-3', false, -3],
    ['4294967294', false, 4294967294],
    ['1.5', true, 1.5],
    ['-1.25', true, -1.25],
    ['7.', true, 7],
    ['1700000000.125', true, 1700000000.125],
  ])('is read: %s', (text, fraction, value) => {
    expect(numberOf(text, fraction)).toBe(value);
  });

  test('that is empty takes a global one back', () => {
    expect(numberOf('', false)).toBeUndefined();
    expect(PaxRecords.empty().number('k')).toBeUndefined();
  });

  test.each([
    ['1.5', false],
    ['+1', false],
    ['0x10', false],
    ['1e3', true],
    ['NaN', true],
    ['Infinity', true],
    ['.5', true],
    [' 1', false],
    ['1 ', false],
    ['1\n', false],
    ['--1', true],
  ])('that is none is refused: %j', (text, fraction) => {
    expect(() => numberOf(text, fraction)).toThrowError(
      /the (k|mtime) is not a number in its PAX record/,
    );
  });

  test('beyond 2^53 - 1 is refused', () => {
    expect(() => numberOf('9007199254740992', false)).toThrowError(/the k is oversized/);
    expect(numberOf('9007199254740991', false)).toBe(Number.MAX_SAFE_INTEGER);
  });

  test.each([
    [0, '0'],
    [-86400, '-86400'],
    [1.5, '1.5'],
    [0.1, '0.1'],
    [2 ** 40, '1099511627776'],
    [1e-9, '0.000000001'],
  ])('is written without an exponent: %d', (value, text) => {
    expect(decimal(value)).toBe(text);
  });
});
