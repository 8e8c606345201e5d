import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DockerceptionError } from '../../src/errors.js';
import { parseCount, parseSize, parseSizeOrShare } from '../../src/inspect/parse-size.js';
import { formatBytes } from '../../src/text/format.js';

function failure(work: () => unknown): DockerceptionError {
  try {
    work();
  } catch (error) {
    return error as DockerceptionError;
  }
  throw new Error('nothing was thrown');
}

describe('a size', () => {
  it.each([
    ['0', 0],
    ['1234', 1234],
    ['12B', 12],
    ['500k', 500_000],
    ['500K', 500_000],
    ['10MB', 10_000_000],
    ['10 MB', 10_000_000],
    ['10mb', 10_000_000],
    ['10m', 10_000_000],
    ['10MiB', 10_485_760],
    ['10Mi', 10_485_760],
    ['1.5g', 1_500_000_000],
    ['1.5GiB', 1_610_612_736],
    ['.5k', 500],
    ['2t', 2e12],
    [' 1kB ', 1000],
  ])('%j has %d bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(['', ' ', 'k', '-1', '+1', '1e6', '0x10', '10XB', '1,5M', '1.', '10 M B', '5%', '9999p'])(
    'is not what %j is',
    (text) => {
      const error = failure(() => parseSize(text, '--max-size'));
      expect(error).toMatchObject({ kind: 'usage', code: 'SIZE' });
      expect(error.message).toMatch(/^reading the command line: --max-size: .+ is not a size$/);
      expect(error.hint).toBe('10MB is 10,000,000 bytes, 10MiB is 10,485,760');
    },
  );

  it('that is hostile is shown escaped, and cut', () => {
    const { message } = failure(() => parseSize(`\x1b[31m${'9'.repeat(1000)}`));
    expect(message).not.toContain('\x1b');
    expect(message.length).toBeLessThan(120);
  });

  it('is any whole number of bytes', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseSize(String(bytes))).toBe(bytes);
        expect(parseSize(`${bytes}b`)).toBe(bytes);
      }),
    );
  });

  it('is read as it is written elsewhere, within what was rounded away', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 50), (bytes) => {
        const read = parseSize(formatBytes(bytes));
        expect(Math.abs(read - bytes)).toBeLessThanOrEqual(bytes * 0.06);
      }),
    );
  });

  it('is a number or an error of kind usage, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          expect(parseSize(text)).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toMatchObject({ kind: 'usage', code: 'SIZE' });
        }
      }),
    );
  });
});

describe('a size or a share', () => {
  it.each([
    ['5%', { percent: 5 }],
    ['0.5 %', { percent: 0.5 }],
    ['100%', { percent: 100 }],
    ['1MB', 1_000_000],
  ])('%j is %j', (text, value) => expect(parseSizeOrShare(text)).toEqual(value));

  it.each(['%', '101%', '-1%', '1e1%', 'x%', '5%%'])('is not what %j is', (text) => {
    const error = failure(() => parseSizeOrShare(text, '--max-waste'));
    expect(error).toMatchObject({ kind: 'usage', code: 'SIZE' });
    expect(error.message).toContain('--max-waste: ');
  });
});

it('a count is a whole number', () => {
  expect(parseCount('12')).toBe(12);
  for (const text of ['', '-1', '1.5', '1k', 'many', '9'.repeat(30)])
    expect(failure(() => parseCount(text, '--max-layers'))).toMatchObject({ kind: 'usage' });
});
