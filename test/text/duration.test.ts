import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/text/duration.js';

describe('a duration is read and printed as Go does:', () => {
  test.each([
    ['0', 0, '0s'],
    ['1ns', 1, '1ns'],
    ['1500ns', 1500, '1.5µs'],
    ['1us', 1e3, '1µs'],
    ['100ms', 1e8, '100ms'],
    ['1.5s', 15e8, '1.5s'],
    ['.5s', 5e8, '500ms'],
    ['5.s', 5e9, '5s'],
    ['90s', 90e9, '1m30s'],
    ['1.5h', 5400e9, '1h30m0s'],
    ['1h2m3.5s', 3723.5e9, '1h2m3.5s'],
    ['-1m', -60e9, '-1m0s'],
    ['+5s', 5e9, '5s'],
  ])('%s', (text, nanoseconds, printed) => {
    expect(parseDuration(text)).toBe(nanoseconds);
    expect(formatDuration(nanoseconds)).toBe(printed);
  });
});

describe('a duration is refused:', () => {
  test.each([
    ['', 'time: invalid duration ""'],
    ['-', 'time: invalid duration "-"'],
    ['.s', 'time: invalid duration ".s"'],
    ['x', 'time: invalid duration "x"'],
    ['1', 'time: missing unit in duration "1"'],
    ['1h1', 'time: missing unit in duration "1h1"'],
    ['1x', 'time: unknown unit "x" in duration "1x"'],
    ['1e3s', 'time: unknown unit "e" in duration "1e3s"'],
    ['9999999h', 'time: invalid duration "9999999h"'],
  ])('%j', (text, why) => {
    expect(() => parseDuration(text)).toThrow(why);
  });
});
