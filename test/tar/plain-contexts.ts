/** Any contexts and any options, so that plain entries meet all others. */
import fc from 'fast-check';
import type { FilterOptions } from '../../src/options/context.js';
import {
  END,
  type Fields,
  header,
  type Magic,
  member,
  padded,
  pax,
  sum,
} from '../support/write-tar.js';

const rarely = <T>(usual: T, other: T): fc.Arbitrary<T> =>
  fc.nat(19).map((one) => (one === 0 ? other : usual));

const name = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom('src/a', 'src/b.txt', './src/a/b', 'lib/x/y', 'a/b/') },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[
        'Dockerfile',
        './Dockerfile',
        'src/Dockerfile',
        'Dockerfile/x',
        'manifest.json',
        'index.json',
      ],
      ...[
        'oci-layout',
        '.dockerignore',
        './.dockerignore',
        'dockerfile',
        'src',
        'src/',
        './',
        '.',
        '/',
      ],
      ...[
        '/src/a',
        'src//a',
        'src/./a',
        'src/../a',
        '../a',
        'src/..',
        'src/.',
        '././src/a',
        './/src/a',
      ],
      ...['.git/x', '..a/b', 'a/..b', 'a/.b', 'a/...', 'ü/é', 'n'.repeat(99), `${'m/'.repeat(50)}`],
      ...[`d/${'n'.repeat(98)}`, 'blobs/sha256/x', 'repositories', 'src/a\\', 'src/\n'],
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }) },
  {
    weight: 20,
    arbitrary: fc.tuple(fc.nat(15), fc.nat(3)).map(([root, file]) => `root${root}/${file}`),
  },
);

const number = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(0, 1, 1000, 0o7777777) },
  { weight: 1, arbitrary: fc.constantFrom(0o10000000, 2 ** 32 - 2) },
);

const fields: fc.Arbitrary<Fields & { body: Buffer }> = fc
  .record({
    name,
    typeflag: fc.oneof(
      { weight: 40, arbitrary: fc.constantFrom('0', '0', '5') },
      { weight: 1, arbitrary: fc.constantFrom('\0', '1', '2', '3', '6', '7', 'D', 'S', 'V', 'Z') },
    ),
    magic: fc.constantFrom<Magic[]>('ustar', 'ustar', 'ustar', 'ustar', 'gnu', 'gnu', 'gnu', 'v7'),
    uid: number,
    gid: number,
    mode: fc.nat(0o7777),
    mtime: rarely(1_700_000_000, 8 ** 11),
    uname: fc.constantFrom('', 'builder', 'u'.repeat(32)),
    gname: fc.constantFrom('', 'users'),
    prefix: rarely('', 'long/way'),
    base256: rarely(false, true),
    body: fc.constantFrom(0, 1, 511, 512, 513, 2000).map((size) => Buffer.alloc(size, 'x\n')),
  })
  .map(({ prefix, ...rest }) => (prefix === '' ? rest : { ...rest, prefix }));

/** Text over a field, in the ways in which programs write numbers, and in none. */
const NUMBERS = [
  '0000644\0',
  '000644 \0',
  '   644 \0',
  '644\0\0\0\0\0',
  '64 4\0\0\0\0',
  '00006448',
];
const TEXTS = [...NUMBERS, '\x00'.repeat(8), '        ', '\x000644 \0', '644\0junk', '-0000001'];

interface Patch {
  readonly at: number;
  readonly bytes: Buffer;
}

const patch: fc.Arbitrary<Patch> = fc.oneof(
  fc.tuple(fc.nat(511), fc.integer({ min: 0, max: 255 })).map(([at, byte]) => ({
    at,
    bytes: Buffer.of(byte),
  })),
  fc
    .tuple(
      fc.constantFrom(100, 108, 116, 124, 128, 136, 148, 329, 337, 345, 504),
      fc.constantFrom(...TEXTS),
    )
    .map(([at, text]) => ({ at, bytes: Buffer.from(text, 'latin1') })),
  fc.constant({ at: 508, bytes: Buffer.from('tar\0') }),
);

const entry = fc
  .record({
    fields,
    patches: fc.oneof(
      { weight: 12, arbitrary: fc.constant([] as Patch[]) },
      { weight: 1, arbitrary: fc.array(patch, { minLength: 1, maxLength: 2 }) },
    ),
    isSummed: rarely(true, false),
    /** tar-stream's way: the space comes before the NUL. */
    spaceFirst: fc.boolean(),
    oddPadding: rarely(false, true),
    records: fc.oneof(
      { weight: 9, arbitrary: fc.constant([] as [string, string][]) },
      {
        weight: 1,
        arbitrary: fc.constantFrom<[string, string][]>([['path', 'src/p']], [['uid', '7']]),
      },
    ),
    isGlobal: rarely(false, true),
  })
  .map(
    ({
      fields: { body, ...rest },
      patches,
      isSummed,
      spaceFirst,
      oddPadding,
      records,
      isGlobal,
    }) => {
      const hasBody = !'12346'.includes(rest.typeflag ?? '0');
      const block = header({ ...rest, size: hasBody && rest.typeflag !== '5' ? body.length : 0 });
      for (const { at, bytes } of patches) bytes.copy(block, at);
      if (isSummed && !patches.some(({ at }) => at === 148)) sum(block);
      if (spaceFirst && block[154] === 0 && block[155] === 0x20) block.writeUInt16BE(0x2000, 154);
      const content = rest.typeflag === '5' || !hasBody ? Buffer.alloc(0) : padded(body);
      if (oddPadding && content.length > body.length) content[body.length] = 1;
      const lead = records.length === 0 ? [] : [pax(records, isGlobal ? { typeflag: 'g' } : {})];
      return Buffer.concat([...lead, block, content]);
    },
  );

/** Contexts of mostly plain entries, some of which aren't, or are damaged. */
export const contexts = fc
  .record({
    entries: fc.array(entry, { maxLength: 12 }),
    starts: fc.constantFrom(true, true, true, false),
    ends: fc.nat(9),
  })
  .map(({ entries, starts, ends }) =>
    Buffer.concat([
      ...(starts ? [member({ name: 'Dockerfile', body: 'FROM scratch\n' })] : []),
      ...entries,
      ...(ends === 0 ? [] : [END]),
    ]),
  );

const options: fc.Arbitrary<FilterOptions> = fc.record(
  {
    owner: fc.constantFrom<FilterOptions['owner'][]>(
      'keep',
      { uid: 1000, gid: 0 },
      { uid: 2 ** 32 - 2, gid: 0o7777777 },
    ),
    mode: fc.constantFrom('a+rX,go-w', '0755'),
    mtime: fc.constantFrom(0, 1_500_000_000),
    clampMtime: fc.constant(1_000_000),
    noXattrs: fc.boolean(),
    stripComponents: fc.constantFrom(0, 1),
    prefix: fc.constantFrom('', 'p'),
    include: fc.constant(['src']),
    exclude: fc.constant(['src/a']),
    file: fc.constantFrom('src/Dockerfile', 'Dockerfile', 'a'),
    base: fc.constant('scratch'),
    allowNoDockerfile: fc.boolean(),
    allowUnterminated: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** Most commands change the owner at most. */
export const likely = fc.oneof(
  fc.record({
    owner: options.map(({ owner }) => owner ?? 'keep'),
    allowNoDockerfile: fc.constantFrom(true, true, false),
  }),
  fc.constant({ allowNoDockerfile: true, allowUnterminated: true }),
  options,
);
