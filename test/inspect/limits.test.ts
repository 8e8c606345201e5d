import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/inspect/facts.js';
import type { Inspection } from '../../src/inspect/inspection.js';
import type { LimitViolation } from '../../src/inspect/limits.js';
import { limitError, violationLines } from '../../src/inspect/limits.js';
import { checkLimits, limitViolations } from '../../src/inspect/limits.js';
import type { Limits } from '../../src/options/limits.js';
import { inspectionOf, type Paths } from '../support/inspect/inspection-tree.js';

const check = (inspection: Inspection, limits: Limits): readonly LimitViolation[] =>
  limitViolations(inspection, limits, (id) => id.startsWith('start-'));

const paths = (found: readonly LimitViolation[]): (string | undefined)[] =>
  found.flatMap(({ offenders }) => offenders.map(({ path }) => path));

const SOURCES: Paths = {
  '/src/a.c': 10,
  '/src/b.h': 10,
  '/src/deep/c.c': 10,
  '/src/deep/keep.c': 10,
  '/app': 1000,
};

describe('sizes', () => {
  const image = inspectionOf(
    { '/app': 12_400_000 },
    {
      layers: [{}, {}, {}],
      hidden: [{ path: '/tmp/x', size: 600_000, layer: 0, by: 1, how: 'deleted' }],
    },
  );

  it('at their limits are not exceeded', () => {
    const limits = { maxSize: 13_000_000, maxLayers: 3, maxWaste: 600_000 };
    expect(check(image, limits)).toEqual([]);
    expect(check(image, {})).toEqual([]);
    expect(check(image, { maxWaste: { percent: 5 } })).toEqual([]);
  });

  it('above them are', () => {
    const found = check(image, { maxSize: 10_000_000, maxLayers: 2, maxWaste: 1000 });
    expect(found.map(({ limit, message }) => `${limit}: ${message}`)).toEqual([
      '--max-size: it has 13.0 MB, 10.0 MB are allowed',
      '--max-layers: it has 3 layers, 2 are allowed',
      '--max-waste: it wastes 600 kB, 1.0 kB are allowed',
    ]);
  });

  it('that are equal when rounded are reported in bytes', () => {
    expect(check(image, { maxSize: 12_999_999 })[0]?.message).toBe(
      'it has 13000000 bytes, 12999999 are allowed',
    );
  });

  it('may be a part of the image', () => {
    expect(check(image, { maxWaste: { percent: 2 } })[0]?.message).toBe(
      'it wastes 600 kB, 260 kB (2 % of 13.0 MB) are allowed',
    );
  });

  it('that are none are refused: nothing would exceed them', () => {
    for (const limits of [{ maxSize: NaN }, { maxLayers: -1 }, { maxWaste: { percent: NaN } }])
      expect(() => check(image, limits)).toThrow(
        expect.objectContaining({ kind: 'usage', code: 'USAGE_OPTION' }) as Error,
      );
  });

  it('of nothing are not above nothing', () => {
    const empty = inspectionOf({}, { layers: [] });
    const limits = { maxSize: 0, maxLayers: 0, maxWaste: { percent: 0 } };
    expect(check(empty, limits)).toEqual([]);
  });
});

describe('--deny', () => {
  it.each([
    [['**/*.c'], ['/src/a.c', '/src/deep/c.c', '/src/deep/keep.c']],
    [['src'], ['/src']],
    [['/src/'], ['/src']],
    [['src/*'], ['/src/a.c', '/src/b.h', '/src/deep']],
    [
      ['**/deep', '**/*.h'],
      ['/src/deep', '/src/b.h'],
    ],
    [['*.c'], []],
    [['**'], ['/app', '/src']],
    [
      ['src', '!src/deep/keep.c'],
      ['/src/a.c', '/src/b.h', '/src/deep/c.c'],
    ],
    [
      ['**/*.c', '!**/keep.c'],
      ['/src/a.c', '/src/deep/c.c'],
    ],
  ])('%j finds %j', (deny, found) => {
    expect(paths(check(inspectionOf(SOURCES), { deny }))).toEqual(found);
  });

  it('names each pattern, its files, and how many', () => {
    const found = check(inspectionOf(SOURCES), { deny: ['**/*.c', 'src/*.h', 'app/x'] });
    expect(found.map(({ value, message, count }) => [value, message, count])).toEqual([
      ['**/*.c', '3 files, /src/a.c …', 3],
      ['src/*.h', '/src/b.h', 1],
    ]);
  });

  it('given twice is reported once', () => {
    expect(check(inspectionOf(SOURCES), { deny: ['app', 'app'] })).toHaveLength(1);
  });

  it('finds what a later layer hides: it is shipped', () => {
    const image = inspectionOf(
      { '/app': 1 },
      {
        hidden: [
          { path: '/src/a.c', size: 10, layer: 0, by: 2, how: 'deleted' },
          { path: '/src/b.c', size: 10, layer: 0, by: 2, how: 'deleted' },
          { path: '/app', size: 10, layer: 0, by: 1, how: 'overwritten' },
        ],
      },
    );
    expect(check(image, { deny: ['src', 'app'] }).flatMap(({ offenders }) => offenders)).toEqual([
      { path: '/src', why: 'deleted by layer 2, shipped in layer 0' },
      { path: '/app' },
    ]);
  });

  it('lists twenty, and counts all', () => {
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`/d/${String(index).padStart(4, '0')}.c`, 1]),
    );
    const [found] = check(inspectionOf(many), { deny: ['**/*.c'] });
    expect(found?.count).toBe(1000);
    expect(found?.offenders).toHaveLength(20);
    expect([...violationLines([found as LimitViolation])].slice(-2)).toEqual([
      "--deny '**/*.c': /d/0019.c",
      "--deny '**/*.c': 980 more",
    ]);
  });

  it.each([['['], [''], ['  '], ['!'], ['a['], ['/']])(
    '%j is refused, or finds nothing',
    (pattern) => {
      if (pattern === '/') {
        expect(check(inspectionOf(SOURCES), { deny: [pattern] })).toEqual([]);
        return;
      }
      expect(() => checkLimits({ deny: [pattern] })).toThrow(
        expect.objectContaining({ kind: 'usage', code: 'IGNORE_PATTERN' }) as Error,
      );
    },
  );
});

describe('--deny-setuid', () => {
  it('finds files, not the directories that hand down their group', () => {
    const image = inspectionOf({
      '/bin/su': { mode: 0o4755 },
      '/bin/wall': { mode: 0o2755, gid: 5 },
      '/bin/sh': { mode: 0o755 },
      '/var/mail/': { mode: 0o2775 },
    });
    expect(check(image, {})).toEqual([]);
    expect([...violationLines(check(image, { denySetuid: true }))]).toEqual([
      '--deny-setuid: /bin/su: -rwsr-xr-x 0:0',
      '--deny-setuid: /bin/wall: -rwxr-sr-x 0:5',
    ]);
  });
});

describe('--deny-ids', () => {
  const first = [
    { path: '/a', uid: 70_000, gid: 0, layer: 0 },
    { path: '/b', uid: 0, gid: 70_001, layer: 1 },
  ];
  const layers = [{}, {}];

  it('lists the owners that a rootless engine can’t map, in every layer', () => {
    const image = inspectionOf({ '/a': 1 }, { layers, unmappable: { first, count: 3 } });
    expect(check(image, {})).toEqual([]);
    const found = check(image, { denyIds: true });
    expect(found).toMatchObject([{ message: '3 entries, /a belongs to 70000:0 …' }]);
    expect([...violationLines(found)]).toEqual([
      '--deny-ids: /a: 70000:0 in layer 0',
      '--deny-ids: /b: 0:70001 in layer 1',
      '--deny-ids: 1 more',
    ]);
  });

  it('is not exceeded without such an owner', () => {
    expect(check(inspectionOf({ '/a': 1 }), { denyIds: true })).toEqual([]);
  });
});

describe('--must-run', () => {
  const finding = (id: string, severity: Finding['severity']): Finding => ({
    id,
    severity,
    path: '/app',
    message: `${id} says so`,
    advice: 'do something',
  });

  it('counts errors that keep it from starting, and no others', () => {
    const findings = [
      finding('secret', 'error'),
      finding('start-loader', 'error'),
      finding('start-script', 'error'),
      finding('start-user', 'warning'),
    ];
    const [found] = check(inspectionOf({}, { findings }), { mustRun: true });
    expect(found).toMatchObject({ limit: '--must-run', message: 'start-loader says so', count: 2 });
    expect([...violationLines([found as LimitViolation])]).toEqual([
      '--must-run: /app: start-loader says so',
      '--must-run: /app: start-script says so',
    ]);
    expect(check(inspectionOf({}), { mustRun: true })).toEqual([]);
  });
});

describe('the error', () => {
  it('names all limits in one line, and what to do', () => {
    const image = inspectionOf(SOURCES, { target: 'app.tar' });
    const error = limitError('app.tar', check(image, { maxSize: 10, deny: ['**/*.c'] }));
    expect(error).toMatchObject({ kind: 'limit', code: 'LIMIT_EXCEEDED' });
    expect(error.message).toBe(
      "checking app.tar: `maxSize`: it has 1.0 kB, 10 B are allowed; `deny: '**/*.c'`: 3 files, /src/a.c …",
    );
    expect(error.hint).toBe(
      'dockerception inspect shows what takes the space; ' +
        'leave them out: .dockerignore, `exclude`, or COPY what is needed alone',
    );
  });

  it('and its lines hold no control characters', () => {
    const image = inspectionOf({ '/\x1b[31mred\n.c': 1 });
    const found = check(image, { deny: ['*.c'] });
    const { message } = limitError('\x1b]0;title\x07', found);
    for (const text of [message, ...violationLines(found)]) expect(text).not.toMatch(/[\x00-\x1f]/);
    expect([...violationLines(found)]).toEqual(["--deny '*.c': /\\x1b[31mred\\x0a.c"]);
  });
});
