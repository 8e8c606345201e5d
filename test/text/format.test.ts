import { expect, test } from 'vitest';
import { formatBytes, formatContext, formatRate, formatSeconds } from '../../src/text/format.js';

test.each([
  [0, '0 B'],
  [1, '1 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [1234, '1.2 kB'],
  [99_949, '99.9 kB'],
  [99_950, '100 kB'],
  [999_499, '999 kB'],
  [999_600, '1.0 MB'],
  [12_345_678, '12.3 MB'],
  [1_500_000_000, '1.5 GB'],
  [8 * 2 ** 40, '8.8 TB'],
])('%i bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test('rates, seconds and contexts', () => {
  expect(formatRate(45_000_000, 1000)).toBe('45.0 MB/s');
  expect(formatRate(1, 0)).toBe('0 B/s');
  expect(formatSeconds(123)).toBe('0.1s');
  expect(formatSeconds(75_000)).toBe('75.0s');
  expect(formatSeconds(-5)).toBe('0.0s');
  expect(formatContext(12_300_000, 345, 273)).toBe('12.3 MB, 345 entries, 45.1 MB/s');
  expect(formatContext(1536, 1, 0)).toBe('1.5 kB, 1 entry');
});
