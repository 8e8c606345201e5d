import { describe, expect, it } from 'vitest';
import { filter, filtered } from '../support/filter.js';
import { readTar } from '../support/read-tar.js';
import { END, header, member, oldSparse, padded, pax, record, tar } from '../support/write-tar.js';

const dockerfile = member({ name: 'Dockerfile', body: 'FROM scratch\n' });

/** The names that leave, without a root in front. */
const names = (output: Buffer): string[] =>
  readTar(output)
    .entries.map(({ name }) => name)
    .filter((name) => name !== './');

describe('an entry of a type that container engines do not unpack', () => {
  it('is refused by its name and its type', async () => {
    const { error } = await filter(tar(dockerfile, member({ name: 'disk.img', typeflag: 'M' })));
    expect(error).toMatchObject({
      kind: 'context',
      code: 'TAR_TYPE',
      message:
        "reading entry disk.img at byte 1024: container engines can't unpack its type 'M': " +
        'the rest of a file that begins in another volume of a multi-volume archive',
    });
  });

  it.each(['N', 'E', 'I', 'Z', 'q'])('is refused for type %s', async (typeflag) => {
    const { error } = await filter(tar(member({ name: 'odd', typeflag, body: 'x' })));
    expect(error).toMatchObject({ code: 'TAR_TYPE' });
    expect((error as Error).message).toContain(`entry odd at byte 0: container engines can't`);
  });

  it('passes when an edit leaves it out', async () => {
    const input = tar(dockerfile, member({ name: 'odd', typeflag: 'Z', body: 'x' }));
    expect(names(await filtered(input, { exclude: ['odd'] }))).toEqual(['Dockerfile']);
  });

  it.each(['./', ''])('is the root when it is a directory of GNU tar called "%s"', async (name) => {
    const dump = member({
      name,
      typeflag: 'D',
      magic: 'gnu',
      mode: 0o711,
      body: 'YDockerfile\0\0',
    });
    const { output, notices } = await filter(tar(dump, dockerfile));
    expect(readTar(output).entries).toMatchObject([
      { name: './', typeflag: '5', mode: 0o711 },
      { name: 'Dockerfile' },
    ]);
    expect(notices).toEqual([]);
  });

  it('is left out with one notice when it is a label or an access control list', async () => {
    const acl = member({ name: 'app', typeflag: 'A', body: 'user::rwx' });
    const label = member({ name: 'Backup', typeflag: 'V', magic: 'gnu' });
    const { output, notices } = await filter(tar(label, acl, dockerfile, acl));
    expect(names(output)).toEqual(['Dockerfile']);
    expect(notices).toEqual([
      "left out the label of the volume: 'Backup'",
      "left out access control lists in the format of Solaris: 'app'",
    ]);
  });

  it('stays with its owner kept and no edit', async () => {
    const input = tar(dockerfile, member({ name: 'odd', typeflag: 'Z', body: 'x' }));
    expect((await filtered(input, { owner: 'keep' })).equals(input)).toBe(true);
  });
});

describe('an old GNU sparse file', () => {
  it('is refused when its map is larger than what engines read', async () => {
    const pieces = Array.from({ length: 110_000 }, (_, i) => [i * 1024, 'x'] as const);
    const { error } = await filter(tar(oldSparse({ name: 'disk' }, pieces, 2 ** 30)));
    expect(error).toMatchObject({
      code: 'TAR_SPARSE',
      message: expect.stringMatching(
        /^reading entry disk at byte \d+: its sparse map has 110000 regions, more than/,
      ) as string,
      hint: 'pack it without the option --sparse (-S) of tar',
    });
  });

  it.each([
    ['that tells of other data', 2, /tells of 3 bytes of data, and the archive has 2/],
    ['beyond the file', 3, /beyond the file's 2 bytes/],
  ])('is refused with a map %s', async (_, size, why) => {
    const patch = (block: Buffer): void => {
      block.write('00000000000\0' + '00000000003\0', 386, 'latin1');
      block.write(size === 3 ? '00000000002\0' : '00000000010\0', 483, 'latin1');
    };
    const head = header({ name: 'disk', typeflag: 'S', magic: 'gnu', size, patch });
    const { error } = await filter(Buffer.concat([head, padded('x'.repeat(size)), END]));
    expect(error).toMatchObject({ code: 'TAR_SPARSE' });
    expect((error as Error).message).toMatch(why);
  });
});

describe('a false PAX sparse map', () => {
  const one = (...records: [string, string][]): Buffer =>
    pax([['GNU.sparse.realsize', '4096'], ...records]);
  const V10: [string, string][] = [
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
  ];

  it.each([
    ['of an unknown version', one(['GNU.sparse.major', '2'], ['GNU.sparse.minor', '0']), 'x'],
    ['without its regions', one(['GNU.sparse.numblocks', '1']), 'x'],
    ['in the body that goes beyond the file', one(...V10), `1\n4095\n2\n${'\0'.repeat(501)}xx`],
    ['in the body that is no number', one(...V10), `${'a\n'.repeat(256)}x`],
    ['in the body that tells of other data', one(...V10), `1\n0\n2\n${'\0'.repeat(506)}x`],
    ['in the body that has no end', one(...V10), '9\n0\n1\n'],
  ])('%s is refused', async (_, records, body) => {
    for (const chunk of [1, 512, 65536]) {
      const { error, sink } = await filter(tar(records, member({ name: 'disk', body })), {}, chunk);
      expect(error).toMatchObject({ kind: 'context', code: 'TAR_SPARSE' });
      expect((error as Error).message).toMatch(/^reading entry disk/);
      expect(sink).toBe('destroyed');
    }
  });

  it('of something that is no file is refused', async () => {
    const records = one(...V10);
    const { error } = await filter(tar(records, member({ name: 'd/', typeflag: '5' })));
    expect(error).toMatchObject({ code: 'TAR_SPARSE' });
  });
});

describe('extended attributes', () => {
  const every = pax([
    ['mtime', '1700000000.5'],
    ['SCHILY.xattr.user.a', 'x'],
    ['LIBARCHIVE.xattr.user.a', 'eA'],
    ['SCHILY.acl.access', 'user::rwx'],
    ['RHT.security.selinux', 'label'],
  ]);
  const input = tar(
    pax([['SCHILY.xattr.user.g', 'x']], { typeflag: 'g' }),
    pax([['SCHILY.xattr.user.only', 'x']]),
    dockerfile,
    every,
    member({ name: 'app', body: 'x' }),
  );

  it('are left out in every form on request, with the blocks that are empty then', async () => {
    for (const owner of ['keep', undefined] as const) {
      const output = await filtered(input, { noXattrs: true, ...(owner && { owner }) });
      const { groups } = readTar(output);
      const left = groups.filter(({ records }) => records.length > 0);
      expect(left.map(({ records }) => records.map(([key]) => key))).toEqual([['mtime']]);
      expect(output.includes('user.')).toBe(false);
      // The root in front, two entries, one extended header.
      expect(groups).toHaveLength(4);
    }
  });

  it('stay without that, those of macOS excepted', async () => {
    const apple = pax([['SCHILY.xattr.com.apple.provenance', 'x']]);
    const whole = tar(apple, member({ name: 'mac', body: 'x' }), input);
    const output = await filtered(whole.subarray(0, -1024));
    expect(output.includes('com.apple')).toBe(false);
    for (const key of ['user.g', 'user.only', 'xattr.user.a', 'acl.access', 'selinux'])
      expect(output.includes(key), key).toBe(true);
  });
});

describe('an owner that is no number', () => {
  const junk = (at: number) => (block: Buffer) => void block.write('junk\0', at, 'latin1');
  const forms: [string, Buffer][] = [
    ['in the header', member({ name: 'f', body: 'x', patch: junk(108) })],
    ['below zero', member({ name: 'f', body: 'x', uid: -1, gid: -1 })],
    [
      'in a record',
      Buffer.concat([
        pax([
          ['uid', 'junk'],
          ['gid', '-1'],
        ]),
        member({ name: 'f', body: 'x' }),
      ]),
    ],
    [
      'in a global record',
      Buffer.concat([
        pax([['uid', 'junk']], { typeflag: 'g' }),
        pax([['comment', 'c']]),
        member({ name: 'f', body: 'x' }),
      ]),
    ],
    [
      'in the header of an extended header',
      Buffer.concat([
        pax([['comment', 'c']], { patch: junk(116) }),
        member({ name: 'f', body: 'x' }),
      ]),
    ],
  ];

  it.each(forms)('%s is replaced, or refused with owners kept', async (_, blocks) => {
    const input = tar(dockerfile, blocks);
    const output = await filtered(input);
    expect(readTar(output).entries.at(-1)).toMatchObject({ name: 'f', uid: 0, gid: 0 });
    expect(output.includes('junk')).toBe(false);
    const { error } = await filter(input, { owner: 'keep' });
    expect(error).toMatchObject({ kind: 'context', code: 'TAR_FIELD' });
  });
});

it('refuses junk in the device fields of any entry, as Go does', async () => {
  for (const magic of ['ustar', 'gnu'] as const) {
    const patch = (block: Buffer): void => void block.write('junk', 337, 'latin1');
    const { error } = await filter(tar(member({ name: 'f', magic, body: 'x', patch })));
    expect(error).toMatchObject({ code: 'TAR_FIELD' });
  }
});

it('sets the times that star keeps after its prefix', async () => {
  const patch = (block: Buffer): void => {
    block.write('14441320001 14441320002 ', 476, 'latin1');
    block.write('tar\0', 508, 'latin1');
  };
  const output = await filtered(tar(member({ name: 'f', prefix: 'dir', patch })), { mtime: 8 });
  expect(output.toString('latin1', 345, 512)).toBe(
    `dir${'\0'.repeat(128)}00000000010\x0000000000010\0${'\0'.repeat(8)}tar\0`,
  );
});

it('refuses a PAX length beyond its records, however many digits it has', async () => {
  for (const length of ['9'.repeat(400), `${'0'.repeat(400)}9999`, `${'0'.repeat(300)}1`]) {
    const body = `${length} path=name\n`;
    const { error } = await filter(tar(member({ name: 'x', typeflag: 'x', body }), dockerfile));
    expect(error).toMatchObject({ code: 'TAR_PAX' });
  }
  expect(record('a', 'b').toString()).toBe('6 a=b\n');
});
