import { describe, expect, test } from 'vitest';
import { filter } from '../support/filter.js';
import { LONG } from '../support/long.js';
import { readTar } from '../support/read-tar.js';
import { FORMS } from './forms.js';

/** The others differ in what doesn't matter here. */
const CUT_EVERYWHERE = [
  'ustar with a prefix',
  'PAX in front',
  'GNU long name and long link',
  'old GNU sparse with a map of several blocks',
  'PAX sparse 1.0',
];

describe.each(FORMS)('$name', ({ name, tar }) => {
  const step = CUT_EVERYWHERE.includes(name) ? (LONG ? 1 : 31) : 61;
  test(`cut every ${step} bytes is never whole, and the message says where`, async () => {
    const end = readTar(tar).end + 1024;
    for (let size = 0; size < end; size += step) {
      const { error, sink, output } = await filter(tar.subarray(0, size));
      expect(sink, `after ${size} bytes`).toBe('destroyed');
      expect(error, `after ${size} bytes`).toMatchObject({ kind: 'context' });
      // Before the first NUL (behind the name or the mode) nothing tells a name from text.
      const said = size <= 108 ? /cut short|is empty|starts with text/ : /cut short/;
      expect((error as Error).message, `after ${size} bytes`).toMatch(said);
      expect(output.length === 0 || !readsAsWhole(output), `after ${size} bytes`).toBe(true);
    }
  });
});

function readsAsWhole(tar: Buffer): boolean {
  try {
    return readTar(tar).terminated;
  } catch {
    return false;
  }
}
