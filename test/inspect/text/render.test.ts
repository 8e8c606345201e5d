import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differenceOf } from '../../../src/inspect/difference.js';
import type { Inspection } from '../../../src/inspect/inspection.js';
import { renderText, type TextOptions } from '../../../src/inspect/text/render.js';
import { textWidth } from '../../../src/text/terminal.js';
import { inspectionOf, type Paths } from '../../support/inspect/inspection-tree.js';

const PLAIN: TextOptions = { colour: false, bars: false, width: 80 };
const TERMINAL: TextOptions = { colour: false, bars: true, width: 80 };

const view = (inspection: Inspection, options = PLAIN): string =>
  [...renderText(inspection, options)].map((line) => `${line.trimEnd()}\n`).join('');

const FILES: Paths = {
  '/app': { size: 8_000_000, mode: 0o755, layer: 1, hash: 'app' },
  '/etc/passwd': { size: 40, hash: 'passwd' },
  '/lib64': '-> usr/lib64',
  '/usr/lib/x86_64-linux-gnu/libc.so.6': { size: 1_900_000, hash: 'libc' },
  '/usr/lib/x86_64-linux-gnu/libm.so.6': { size: 900_000, hash: 'libm' },
  ...Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`/usr/share/zoneinfo/Z${index}`, 1000]),
  ),
};
const APP = inspectionOf(FILES, {
  config: {
    Entrypoint: ['/app', '--name'],
    Cmd: ["it's me"],
    User: '1000',
    WorkingDir: '/srv',
    ExposedPorts: { '8080/tcp': {} },
    Volumes: { '/data': {} },
  },
  layers: [
    { contents: 2_830_040, compressed: 1_100_000, createdBy: 'ADD base.tar /' },
    {
      contents: 8_000_000,
      compressed: 3_000_000,
      createdBy:
        'COPY --from=builder --chown=1000:1000 /src/out/app /usr/share/zoneinfo /etc/passwd /',
    },
  ],
  hidden: [{ path: '/etc/passwd', size: 900, layer: 0, by: 1, how: 'overwritten' }],
  duplicates: [
    { size: 1000, wasted: 3000, paths: ['/usr/share/zoneinfo/Z1', '/a/Z2', '/b/Z3', '/c/Z4'] },
  ],
  findings: [
    {
      id: 'loader-missing',
      severity: 'error',
      path: '/app',
      message: '/app asks for the loader /lib/ld-musl-x86_64.so.1, which is not there',
      advice: 'take it along with --libs, or link statically',
    },
    { id: 'root', severity: 'info', message: 'it runs as root', advice: 'USER 1000' },
  ],
});

describe('the view of an image', () => {
  it('has plain columns where a program reads', () => {
    expect(view(APP)).toBe(`app:latest
  target      app.tar
  ID          sha256:3f2a9c1b7d0e5a683f2a9c1b7d0e5a683f2a9c1b7d0e5a683f2a9c1b7d0e5a68
  platform    linux/amd64
  command     /app --name 'it'\\''s me'
  workdir     /srv
  user        1000
  ports       8080/tcp
  volumes     /data
  size        10.8MB, 34 files, 2 layers, 4.1MB compressed
  waste       3.9kB, 0.0%

layers    pulled  unpacked          made by
     0     1.1MB     2.8MB   26.1%  ADD base.tar /
     1     3.0MB     8.0MB   73.9%  COPY --from=builder --chown=1000:1000 /src/out/app /usr/share/zoneinfo /etc/passwd /

tree
    10.8MB  100.0%  /
     8.0MB   73.9%  /app
     2.8MB   26.1%  /usr
     2.8MB   25.9%  /usr/lib/x86_64-linux-gnu
     1.9MB   17.5%  /usr/lib/x86_64-linux-gnu/libc.so.6
     900kB    8.3%  /usr/lib/x86_64-linux-gnu/libm.so.6
    30.0kB    0.3%  /usr/share/zoneinfo
       40B    0.0%  2 more in /

biggest files
     8.0MB   73.9%  /app
     1.9MB   17.5%  /usr/lib/x86_64-linux-gnu/libc.so.6
     900kB    8.3%  /usr/lib/x86_64-linux-gnu/libm.so.6
     1.0kB    0.0%  /usr/share/zoneinfo/Z0
     1.0kB    0.0%  /usr/share/zoneinfo/Z1
     1.0kB    0.0%  /usr/share/zoneinfo/Z10
     1.0kB    0.0%  /usr/share/zoneinfo/Z11
     1.0kB    0.0%  /usr/share/zoneinfo/Z12
     1.0kB    0.0%  /usr/share/zoneinfo/Z13
     1.0kB    0.0%  /usr/share/zoneinfo/Z14

hidden by later layers  1 file, 900B
      900B  layer 0, overwritten by 1  /etc/passwd

the same content twice  1 content, 3.0kB
     3.0kB  /usr/share/zoneinfo/Z1  /a/Z2  /b/Z3  1 more

findings  1 error, 1 info
  error    /app asks for the loader /lib/ld-musl-x86_64.so.1, which is not there [loader-missing]
           take it along with --libs, or link statically
  info     it runs as root [root]
           USER 1000
`);
  });

  it('has bars and guides on a terminal, and is cut to its width', () => {
    expect(view(APP, TERMINAL)).toBe(`app:latest
  target      app.tar
  ID          sha256:3f2a9c1b7d0e
  platform    linux/amd64
  command     /app --name 'it'\\''s me'
  workdir     /srv
  user        1000
  ports       8080/tcp
  volumes     /data
  size        10.8 MB, 34 files, 2 layers, 4.1 MB compressed
  waste       3.9 kB, 0.0%

layers    pulled  unpacked              made by
     0    1.1 MB    2.8 MB  ━━━╸        ADD base.tar /
     1    3.0 MB    8.0 MB  ━━━━━━━━━━  COPY --from=builder --chown=1000:1000 /…

tree
   10.8 MB  ━━━━━━━━━━  /
    8.0 MB  ━━━━━━━╸    ├ app
    2.8 MB  ━━╸         ├ usr/
    2.8 MB  ━━╸         │ ├ lib/x86_64-linux-gnu/
    1.9 MB  ━━          │ │ ├ libc.so.6
    900 kB  ━           │ │ └ libm.so.6
   30.0 kB              │ └ share/zoneinfo/  30 files
      40 B              └ 2 more

biggest files
    8.0 MB  ━━━━━━━━━━  /app
    1.9 MB  ━━╸         /usr/lib/x86_64-linux-gnu/libc.so.6
    900 kB  ━           /usr/lib/x86_64-linux-gnu/libm.so.6
    1.0 kB              /usr/share/zoneinfo/Z0
    1.0 kB              /usr/share/zoneinfo/Z1
    1.0 kB              /usr/share/zoneinfo/Z10
    1.0 kB              /usr/share/zoneinfo/Z11
    1.0 kB              /usr/share/zoneinfo/Z12
    1.0 kB              /usr/share/zoneinfo/Z13
    1.0 kB              /usr/share/zoneinfo/Z14

hidden by later layers  1 file, 900 B
     900 B  layer 0, overwritten by 1  /etc/passwd

the same content twice  1 content, 3.0 kB
    3.0 kB  /usr/share/zoneinfo/Z1
            /a/Z2
            /b/Z3  1 more

findings  1 error, 1 info
  error    /app asks for the loader /lib/ld-musl-x86_64.so.1, which is not there
           [loader-missing]
           take it along with --libs, or link statically
  info     it runs as root [root]
           USER 1000
`);
  });

  it('says the same in colours, and uses no other sequences', () => {
    const coloured = [...renderText(APP, { ...TERMINAL, colour: true })].join('\n');
    expect(coloured).toContain('\x1b[31merror  \x1b[0m');
    expect(coloured.replace(/\x1b\[(?:0|1|2|3[1-6])m/g, '')).toBe(
      [...renderText(APP, TERMINAL)].join('\n'),
    );
  });
});

it('the view of a context says whether it has a Dockerfile', () => {
  const context = { kind: 'context', target: 'standard input', layers: [{ entries: 2 }] } as const;
  expect(view(inspectionOf({ '/Dockerfile': 20, '/src/a': 1 }, context), TERMINAL))
    .toBe(`standard input
  Dockerfile  yes
  entries     2
  size        21 B, 2 files
  waste       none

tree
      21 B  ━━━━━━━━━━  /
      20 B  ━━━━━━━━━╸  ├ Dockerfile
       1 B  ╸           └ src/a

biggest files
      20 B  ━━━━━━━━━━  /Dockerfile
       1 B  ╸           /src/a
`);
  expect(view(inspectionOf({}, context))).toContain('  Dockerfile  none\n');
});

it('the view of an image without a command, a user, a history and files says so', () => {
  const image = inspectionOf({}, { names: [], config: {}, layers: [{ contents: 0 }] });
  expect(view(image)).toBe(`app.tar
  ID          sha256:3f2a9c1b7d0e5a683f2a9c1b7d0e5a683f2a9c1b7d0e5a683f2a9c1b7d0e5a68
  platform    linux/amd64
  command     none
  user        root
  size        0B, 0 files, 1 layer
  waste       none

layers    pulled  unpacked          made by
     0         -        0B    0.0%  -

tree
        0B    0.0%  /
`);
});

it('the view of a difference shows totals, the largest removed paths, and new ones', () => {
  const other = inspectionOf(
    {
      '/app': { size: 8_000_000, mode: 0o755, uid: 1, hash: 'app' },
      '/lib/libc.so.6': { size: 1_900_000, hash: 'libc' },
      '/site/index.html': { size: 700, hash: 'site' },
    },
    { target: 'runtime.tar', names: [], layers: [{}] },
  );
  const difference = differenceOf(APP.root, other.root);
  const text = view(APP, { ...TERMINAL, other: { inspection: other, difference } });
  expect(text.slice(text.indexOf('difference'), text.indexOf('findings')))
    .toBe(`difference  10.8 MB → 9.9 MB
    930 kB  ━           gone     39 entries
       0 B              stayed   1 entry
    1.9 MB  ━━          moved    1 entry
    8.0 MB  ━━━━━━━╸    changed  1 entry
     700 B              new      3 entries

gone
    930 kB  /usr/  31 files
      40 B  /etc/  1 file
       0 B  /lib64

new
     700 B  /site/index.html

moved
    1.9 MB  /usr/lib/x86_64-linux-gnu/libc.so.6 -> /lib/libc.so.6

changed
    8.0 MB  /app  owner

`);
  expect(text).not.toContain('biggest files');
});

it('a difference has the ten largest of each, and all of them with --all', () => {
  const before = inspectionOf(
    Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`/${index}`, 1000 - index])),
  );
  const after = inspectionOf({});
  const other = { inspection: after, difference: differenceOf(before.root, after.root) };
  const gone = (options: TextOptions): string[] =>
    view(before, options).split('\ngone\n')[1]?.trimEnd().split('\n') ?? [];
  expect(gone({ ...TERMINAL, other })).toHaveLength(11);
  expect(gone({ ...TERMINAL, other }).at(-1)).toBe('   19.6 kB  20 more');
  expect(gone({ ...TERMINAL, other, all: true })).toHaveLength(30);
});

it('the ratio is shown if the second is smaller', () => {
  const [before, after] = [inspectionOf({ '/a': 65_000 }), inspectionOf({ '/b': 1000 })];
  const other = { inspection: after, difference: differenceOf(before.root, after.root) };
  expect(view(before, { ...PLAIN, other })).toContain('difference  65.0kB -> 1.0kB, 1/65 of it\n');
});

describe('findings', () => {
  const many = (count: number): Inspection =>
    inspectionOf(
      {},
      {
        findings: Array.from({ length: count }, (_, index) => ({
          id: 'dangling-link',
          severity: 'warning' as const,
          path: `/l${index}`,
          message: 'it points nowhere',
          advice: 'remove it',
        })),
      },
    );
  const found = (text: string): string => text.slice(text.indexOf('findings'));

  it('of one kind are counted on a terminal', () => {
    expect(found(view(many(7), TERMINAL))).toBe(`findings  7 warnings
  warning  /l0: it points nowhere [dangling-link]
  warning  /l1: it points nowhere [dangling-link]
  warning  /l2: it points nowhere [dangling-link]
  warning  /l3: it points nowhere [dangling-link]
  warning  /l4: it points nowhere [dangling-link]
           2 more: --all shows them
           remove it
`);
  });

  it('are all there elsewhere, and with --all', () => {
    for (const options of [PLAIN, { ...TERMINAL, all: true }])
      expect(found(view(many(7), options)).split('\n')).toHaveLength(1 + 7 + 1 + 1);
  });
});

describe('whatever names are', () => {
  const hostile = fc.oneof(
    fc.constantFrom(
      '\x1b[31m',
      '\x1b]0;title\x07',
      'a\nb',
      '\x9b2J',
      '\u202egpj',
      '日本語'.repeat(40),
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }),
  );
  const name = hostile.map((text) => text.replace(/[/\0]/g, '_') || '_');
  const inspection = fc
    .array(fc.tuple(name, name, fc.nat(1e7)), { minLength: 1, maxLength: 40 })
    .map((list) => {
      const text = list[0]?.[0] as string;
      const path = `/${text}`;
      return inspectionOf(Object.fromEntries(list.map(([a, b, size]) => [`/d${a}/f${b}`, size])), {
        target: text,
        names: [text],
        config: { Entrypoint: [text], User: text, WorkingDir: text, ExposedPorts: { [text]: {} } },
        layers: [{ createdBy: text }],
        hidden: [{ path, size: 1, layer: 0, by: 1, how: 'deleted' }],
        duplicates: [{ size: 1, wasted: 1, paths: [path, `${path}/b`, path, path] }],
        findings: [{ id: 'x', severity: 'error', path, message: text, advice: text }],
      });
    });
  const CONTROLS = /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;

  it('nothing in the view moves the cursor, and on a terminal no line is too wide', () => {
    fc.assert(
      fc.property(inspection, inspection, fc.boolean(), (image, after, all) => {
        const other = { inspection: after, difference: differenceOf(image.root, after.root) };
        for (const options of [{}, { other }])
          for (const bars of [true, false])
            for (const line of renderText(image, {
              colour: false,
              bars,
              width: 80,
              all,
              ...options,
            })) {
              expect(line).not.toMatch(CONTROLS);
              if (bars) expect(textWidth(line)).toBeLessThanOrEqual(80);
            }
      }),
      { numRuns: 60 },
    );
  });
});
