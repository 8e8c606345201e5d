import { describe, expect, test } from 'vitest';
import { CHUNKS } from '../support/filter.js';
import { endingOf, view } from '../support/view.js';
import { member, oldSparse, padded, pax, putNumber, sum, tar } from '../support/write-tar.js';

type Piece = readonly [offset: number, bytes: string];
type Form = 'old' | '0.0' | '0.1' | '1.0';

const FORMS: readonly Form[] = ['old', '0.0', '0.1', '1.0'];
const AFTER = member({ name: 'after', body: 'after' });

/** A sparse file in each form, written from the manual. */
function sparse(form: Form, pieces: readonly Piece[], size: number): Buffer {
  if (form === 'old') return oldSparse({ name: 'dir/s' }, pieces, size);
  const data = pieces.map(([, bytes]) => bytes).join('');
  const count = ['GNU.sparse.numblocks', String(pieces.length)] as const;
  const stored = { name: 'dir/GNUSparseFile.7/s', body: data };
  switch (form) {
    case '0.0': {
      const map = pieces.flatMap(([offset, bytes]) => [
        ['GNU.sparse.offset', String(offset)] as const,
        ['GNU.sparse.numbytes', String(bytes.length)] as const,
      ]);
      const records = [['GNU.sparse.size', String(size)] as const, count, ...map];
      return Buffer.concat([pax(records), member({ ...stored, name: 'dir/s' })]);
    }
    case '0.1': {
      const map = pieces.flatMap(([offset, bytes]) => [offset, bytes.length]).join(',');
      const name = ['GNU.sparse.name', 'dir/s'] as const;
      const records = [['GNU.sparse.size', String(size)] as const, count, name];
      return Buffer.concat([pax([...records, ['GNU.sparse.map', map]]), member(stored)]);
    }
    case '1.0': {
      const numbers = pieces.flatMap(([offset, bytes]) => [offset, bytes.length]);
      return inBody(`${[pieces.length, ...numbers].join('\n')}\n`, data, size);
    }
  }
}

/** 1.0 with any text in the place of the map. */
function inBody(map: string, data: string, size: number, more: [string, string][] = []): Buffer {
  const records: [string, string][] = [
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.name', 'dir/s'],
    ['GNU.sparse.realsize', String(size)],
    ...more,
  ];
  const body = Buffer.concat([padded(map), Buffer.from(data)]);
  return Buffer.concat([pax(records), member({ name: 'dir/GNUSparseFile.7/s', body })]);
}

function expand(pieces: readonly Piece[], size: number): Buffer {
  const content = Buffer.alloc(size);
  for (const [offset, bytes] of pieces) content.write(bytes, offset);
  return content;
}

const CASES: readonly [string, readonly Piece[], number][] = [
  ['nothing at all', [], 0],
  ['one hole', [[5000, '']], 5000],
  ['no region', [], 5000],
  ['a hole in front', [[4096, 'x'.repeat(700)]], 4796],
  ['a hole behind', [[0, 'x'.repeat(512)]], 1 << 20],
  ['no hole', [[0, 'x'.repeat(600)]], 600],
  [
    'regions side by side, and empty ones',
    [
      [0, ''],
      [0, 'ab'],
      [2, 'cd'],
      [9, ''],
      [9, 'e'],
      [20, ''],
    ],
    20,
  ],
  [
    'many regions',
    Array.from({ length: 120 }, (_, i) => [i * 1000 + 3, `${i}`.repeat(17)] as const),
    130_000,
  ],
];

describe.each(FORMS)('a sparse file in the form %s', (form) => {
  test.each(CASES)('with %s is expanded at every chunk size', (_, pieces, size) => {
    const bytes = tar(sparse(form, pieces, size), AFTER);
    for (const chunk of CHUNKS) {
      const { entries, ending } = view(bytes, chunk);
      expect(ending).toBe('complete');
      expect(entries.map(({ path }) => path)).toEqual(['dir/s', 'after']);
      expect(entries[0]).toMatchObject({ contentSize: size, isSparse: true });
      expect(entries[0]?.content.equals(expand(pieces, size))).toBe(true);
      expect(entries[1]?.content.toString()).toBe('after');
    }
  });

  test('cut anywhere is never taken for a whole one', () => {
    const pieces = Array.from({ length: 30 }, (_, i) => [i * 1000, 'data'] as const);
    const whole = sparse(form, pieces, 40_000);
    for (let end = 1; end < whole.length; end++)
      if (endingOf(whole.subarray(0, end)) !== 'TAR_TRUNCATED')
        expect.fail(`cut after ${end} bytes`);
    expect(view(whole).ending).toBe('unterminated');
  });

  test.each<[string, readonly Piece[], number, RegExp]>([
    [
      'overlap',
      [
        [0, 'aaaa'],
        [3, 'b'],
      ],
      10,
      /region at 3, before/,
    ],
    [
      'are out of order',
      [
        [8, 'a'],
        [0, 'b'],
      ],
      10,
      /region at 0, before/,
    ],
    ['go beyond the file', [[8, 'abc']], 10, /beyond the file's 10 bytes/],
    ['start beyond the file', [[11, '']], 10, /beyond the file's 10 bytes/],
    [
      'go beyond the file in a late one',
      [...Array.from({ length: 40 }, (_, i) => [i * 2, 'a'] as const), [99, 'ab']],
      100,
      /beyond the file's 100 bytes/,
    ],
  ])('is refused where regions %s', (_, pieces, size, message) => {
    for (const chunk of CHUNKS) {
      expect(() => view(tar(sparse(form, pieces, size)), chunk)).toThrowError(
        expect.objectContaining({
          kind: 'context',
          code: 'TAR_SPARSE',
          message: expect.stringMatching(message) as string,
        }),
      );
      expect(() => view(tar(sparse(form, pieces, size)), chunk)).toThrowError(
        /^reading entry dir\/s[: ]/,
      );
    }
  });
});

describe('a sparse map', () => {
  const refused = (bytes: Buffer): string => {
    const messages = [1, 64 * 1024].map((chunk) => {
      try {
        view(tar(bytes), chunk);
      } catch (error) {
        expect(error).toMatchObject({ kind: 'context', code: 'TAR_SPARSE' });
        return (error as Error).message;
      }
      throw new Error('was not refused');
    });
    expect(messages[0]).toBe(messages[1]);
    return messages[0] as string;
  };

  test.each([
    [
      'more data than it tells of',
      '1\n0\n3\n',
      'abcd',
      /tells of 3 bytes of data, and the archive has 4/,
    ],
    [
      'less data than it tells of',
      '1\n0\n3\n',
      'ab',
      /tells of 3 bytes of data, and the archive has 2/,
    ],
    ["a count that can't be", '99999999\n', '', /more than 1048576 regions/],
    ['a count beyond what follows', '9\n0\n1\n', '', /oversized number/],
    ['a count beyond all that follows', `999\n${'0\n'.repeat(254)}`, '', /goes on beyond what/],
    ['an endless number', '1'.repeat(40), '', /oversized number/],
    ['a number beyond 2^53', '1\n0\n9999999999999999\n', '', /no number/],
    ['a sign', '1\n-1\n3\n', 'abc', /no number/],
    ['an empty line', '1\n\n3\n', 'abc', /no number/],
    ['a letter', 'x\n', '', /no number/],
    ['binary zeros alone', '', '\0'.repeat(600), /oversized number/],
    ['nothing', '', '', /is missing/],
  ])('in the body with %s is refused', (_, map, data, message) => {
    expect(refused(inBody(map, data, 10))).toMatch(message);
  });

  test.each<[string, [string, string][], RegExp]>([
    [
      'of an unknown version',
      [
        ['GNU.sparse.major', '2'],
        ['GNU.sparse.minor', '0'],
      ],
      /unknown version/,
    ],
    ['of half a version', [['GNU.sparse.major', '1']], /unknown version/],
    ['without a count', [['GNU.sparse.map', '0,3']], /how many regions/],
    [
      'with another count',
      [
        ['GNU.sparse.numblocks', '2'],
        ['GNU.sparse.map', '0,3'],
      ],
      /2 numbers for 2 regions/,
    ],
    [
      'with half a region',
      [
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.map', '0'],
      ],
      /1 numbers for 1 regions/,
    ],
    [
      'with no number',
      [
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.map', '0,x'],
      ],
      /no number/,
    ],
    [
      'with a fraction',
      [
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.map', '0,1.5'],
      ],
      /no number/,
    ],
    [
      'in two places',
      [
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.map', '0,3'],
        ['GNU.sparse.offset', '0'],
        ['GNU.sparse.numbytes', '3'],
      ],
      /two places/,
    ],
    [
      'with a length before its offset',
      [
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.numbytes', '3'],
        ['GNU.sparse.offset', '0'],
      ],
      /without its length/,
    ],
    [
      'in the records and in the body',
      [
        ['GNU.sparse.major', '1'],
        ['GNU.sparse.minor', '0'],
        ['GNU.sparse.map', '0,3'],
      ],
      /two places/,
    ],
    [
      'with two sizes',
      [
        ['GNU.sparse.realsize', '4'],
        ['GNU.sparse.numblocks', '1'],
        ['GNU.sparse.map', '0,3'],
      ],
      /two sizes/,
    ],
  ])('in PAX %s is refused', (_, records, message) => {
    const bytes = Buffer.concat([
      pax([['GNU.sparse.size', '3'], ...records]),
      member({ name: 's', body: 'abc' }),
    ]);
    expect(refused(bytes)).toMatch(message);
  });

  test.each<[string, [string, string][], RegExp]>([
    ['no size', [], /does not tell the file's size/],
    ['a negative size', [['GNU.sparse.size', '-1']], /negative size/],
  ])('in PAX with %s is refused', (_, size, message) => {
    const map: [string, string][] = [
      ['GNU.sparse.numblocks', '1'],
      ['GNU.sparse.map', '0,3'],
    ];
    const bytes = Buffer.concat([pax([...size, ...map]), member({ name: 's', body: 'abc' })]);
    expect(refused(bytes)).toMatch(message);
  });

  test('of something that is no file is refused', () => {
    const records: [string, string][] = [
      ['GNU.sparse.size', '0'],
      ['GNU.sparse.numblocks', '0'],
      ['GNU.sparse.map', ''],
    ];
    const bytes = Buffer.concat([pax(records), member({ name: 's', typeflag: '5' })]);
    expect(refused(bytes)).toMatch(/no file/);
  });

  test('in both forms at once is refused', () => {
    const bytes = Buffer.concat([
      pax([['GNU.sparse.size', '1']]),
      oldSparse({ name: 's' }, [[0, 'a']], 1),
    ]);
    expect(refused(bytes)).toMatch(/two places/);
  });

  test('with numbers that no field holds is refused', () => {
    const damaged = (change: (header: Buffer) => void): Buffer => {
      const bytes = oldSparse({ name: 's' }, [[0, 'a']], 1);
      change(bytes);
      sum(bytes);
      return tar(bytes);
    };
    const negative = damaged((header) => header.fill(0xff, 386, 398));
    expect(() => view(negative)).toThrowError(/entry s at byte 0: its sparse map has a negative/);
    const size = damaged((header) => header.fill(0xff, 483, 495));
    expect(() => view(size)).toThrowError(/the real size is negative/);
    const huge = damaged((header) => putNumber(header, 386, 12, Number.MAX_SAFE_INTEGER, true));
    expect(() => view(huge)).toThrowError(/goes beyond|oversized/);
    const letters = damaged((header) => header.write('letters', 386));
    expect(() => view(letters)).toThrowError(/offset of a region is not a number/);
  });

  test('is as long as it has to be, and no longer', () => {
    const many = (count: number): Buffer => {
      const map = Array.from({ length: count }, (_, i) => `${i}\n0\n`).join('');
      return tar(inBody(`${count}\n${map}`, '', 1 << 21));
    };
    const started = performance.now();
    expect(view(many(100_000)).entries[0]?.contentSize).toBe(1 << 21);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
