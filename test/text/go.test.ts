import { describe, expect, it, test } from 'vitest';
import {
  compareBytes,
  csvFields,
  csvLine,
  isSpace,
  quote,
  quoteList,
  quoteRune,
  trim,
} from '../../src/text/go.js';
import { nearest, suggest } from '../../src/text/suggest.js';

test('texts are ordered by their bytes', () => {
  const texts = [
    '',
    'a',
    'ab',
    'b',
    'B',
    '10',
    '9',
    'é',
    '\uffff',
    '\u{10000}',
    '\u{1f600}',
    '\ud7ff',
  ];
  const byBytes = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect([...texts].sort(compareBytes)).toEqual(byBytes);
});

test('white space is Go’s', () => {
  for (const space of [' ', '\t', '\v', '\u0085', '\u00a0', '\u3000'])
    expect(isSpace(space)).toBe(true);
  for (const other of ['a', '\ufeff', '\u200b', '\u0000']) expect(isSpace(other)).toBe(false);
  expect(trim('\u00a0 a b\u3000\n')).toBe('a b');
});

test('texts are quoted as Go quotes them', () => {
  expect(quote('a"b\\c\n\t\u0007é☺\u{1f600}')).toBe('"a\\"b\\\\c\\n\\t\\aé☺\u{1f600}"');
  expect(quote("'\u0000\u007f\u00a0\u200b\u{e0001}")).toBe(
    '"\'\\x00\\x7f\\u00a0\\u200b\\U000e0001"',
  );
  expect(quoteList(['a b', 'c'])).toBe('["a b" "c"]');
  expect([0, 3, 39, 65, 300, 0xd800, 0x110000].map(quoteRune)).toEqual([
    ...["'\\x00'", "'\\x03'", "'\\''", "'A'", "'Ĭ'", "'\ufffd'", "'\ufffd'"],
  ]);
});

test('the nearest of some names is suggested, within two letters', () => {
  expect(nearest('relase', ['build', 'release'])).toBe('release');
  expect(nearest('xyz', ['build', 'release'])).toBeUndefined();
  expect(nearest('release', ['releases', 'release'])).toBeUndefined();
  expect(suggest('no', 'CPY', ['add', 'copy'], false)).toBe('no (did you mean COPY?)');
  expect(suggest('no', 'cpy', ['add', 'copy'], false)).toBe('no (did you mean copy?)');
  expect(suggest('no', 'x', [], true)).toBe('no');
});

describe('comma-separated values', () => {
  it.each([
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['a,', ['a', '']],
    ['', ['']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a""b"', ['a"b']],
    ['""', ['']],
    [' a, b', [' a', ' b']],
  ])('%j', (line, fields) => {
    expect(csvFields(line)).toEqual(fields);
    expect(csvFields(csvLine(fields))).toEqual(fields);
  });

  it.each(['"a', 'a"b', '"a"b', 'a,"b', '"a""'])('refuse a misplaced mark: %j', (line) => {
    expect(csvFields(line)).toBeUndefined();
  });
});
