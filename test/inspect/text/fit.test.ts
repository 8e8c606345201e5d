import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutMiddle } from '../../../src/inspect/text/fit.js';
import { textWidth } from '../../../src/text/terminal.js';

describe('a name that is too wide', () => {
  it.each([
    ['/usr/lib/libc.so.6', 18, '/usr/lib/libc.so.6'],
    ['/usr/lib/libc.so.6', 17, '/usr/l…/libc.so.6'],
    ['/usr/lib/libc.so.6', 10, '/us…c.so.6'],
    ['/usr/lib/libc.so.6', 4, '/us…'],
    ['/usr/lib/libc.so.6', 0, ''],
    ['/usr/lib/libc.so.6', -3, ''],
    ['日本語日本語日本語', 11, '日本…日本語'],
  ])('%s in %d columns is %j', (name, columns, shown) => {
    expect(cutMiddle(name, columns)).toBe(shown);
  });

  it('fits, and is not cut when it did', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 });
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 50 }), (name, columns) => {
        const cut = cutMiddle(name, columns);
        expect(textWidth(cut)).toBeLessThanOrEqual(columns);
        if (textWidth(name) <= columns) expect(cut).toBe(name);
      }),
    );
  });
});
