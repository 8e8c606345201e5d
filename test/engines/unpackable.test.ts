/** What every engine unpacks of a tar that none of them does as it came. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { member, oldSparse, pax, tar } from '../support/write-tar.js';
import { engines } from './engines.js';
import { five, imageIdOf, openShell, type Shell } from './support.js';

const MANY = 300;
const dockerfile = member({
  name: 'Dockerfile',
  body: `FROM ${engines.base}\nCOPY . /app/\nRUN cd /app && for f in *; do [ -f "$f" ] && md5sum "$f"; done > /sums; stat -c '%n %F %s' * /app/* > /stats\nCMD ["cat", "/sums", "/stats"]\n`,
});
/** GNU tar reads regions in whole blocks. */
const scattered = Array.from(
  { length: MANY },
  (_, i) => [i * 8192 + 4096, `data ${i}`.padEnd(512)] as const,
);
const apple = pax([
  ['LIBARCHIVE.xattr.com.apple.provenance', 'AQIA'],
  ['SCHILY.xattr.com.apple.provenance', Buffer.from('010200', 'hex')],
]);

const context = tar(
  pax([['SCHILY.xattr.com.apple.global', 'x']], { typeflag: 'g' }),
  member({ name: 'label', typeflag: 'V', magic: 'gnu' }),
  member({ name: '', typeflag: '5', mode: 0o755 }),
  member({ name: '.', body: 'no file' }),
  apple,
  dockerfile,
  apple,
  member({ name: 'mac', body: 'mac' }),
  member({ name: 'contiguous', typeflag: '7', body: 'contiguous' }),
  pax([['path', 'sun']], { typeflag: 'X' }),
  member({ name: 's', body: 'sun' }),
  member({ name: 'dump/', typeflag: 'D', magic: 'gnu', mode: 0o755, body: 'Yfile\0\0' }),
  member({ name: 'acl', typeflag: 'A', body: 'user::rwx' }),
  oldSparse({ name: 'few' }, [[4096, 'data']], 8192),
  oldSparse({ name: 'many' }, scattered, MANY * 8192 + 1),
  oldSparse({ name: 'hole' }, [], 100_000),
  oldSparse({ name: 'end' }, [[4096, 'x'.repeat(4096)]], 8192),
);

/** What a sparse file holds. */
function content(pieces: readonly (readonly [number, string])[], size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (const [offset, data] of pieces) bytes.write(data, offset);
  return bytes;
}

const FILES: Readonly<Record<string, Buffer>> = {
  contiguous: Buffer.from('contiguous'),
  end: content([[4096, 'x'.repeat(4096)]], 8192),
  few: content([[4096, 'data']], 8192),
  hole: Buffer.alloc(100_000),
  mac: Buffer.from('mac'),
  many: content(scattered, MANY * 8192 + 1),
  sun: Buffer.from('sun'),
};
const md5 = (bytes: Buffer): string =>
  execFileSync('md5sum', { input: bytes, encoding: 'utf8' }).slice(0, 32);

describe.each(five)('with $name', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
    await shell.file('context.tar', context);
  });
  afterAll(() => shell.close());

  const expectFiles = async (image: string): Promise<void> => {
    const { code, stdout, stderr } = await shell.run(`docker run --rm ${image}`);
    expect(code, stderr).toBe(0);
    const lines = stdout.toString().split('\n');
    for (const [name, bytes] of Object.entries(FILES))
      expect(lines).toContain(`${md5(bytes)}  ${name}`);
    expect(lines.filter((line) => / directory /.test(line) && line.startsWith('/app/'))).toEqual([
      expect.stringMatching(/^\/app\/dump /),
    ]);
    expect(stdout.toString()).not.toMatch(/acl|label/);
  };

  it('a filtered context builds, with the content of its sparse files', async () => {
    const app = shell.name();
    const { code, stderr } = await shell.run(
      `dockerception filter < context.tar | docker build -t ${app} -`,
      { litters: true },
    );
    expect(code, stderr).toBe(0);
    await expectFiles(app);
  });

  it('a context builds directly', async () => {
    const app = shell.name();
    imageIdOf(await shell.run(`dockerception -q -t ${app} < context.tar`));
    await expectFiles(app);
  });

  it('a sparse file of more than 8 GiB passes', async () => {
    const folder = join(shell.folder, 'large');
    mkdirSync(folder);
    const file = openSync(join(folder, 'disk'), 'w');
    writeSync(file, 'end', 9 * 2 ** 30);
    ftruncateSync(file, 9 * 2 ** 30 + 4096);
    closeSync(file);
    const name = shell.name();
    await shell.file('large/Dockerfile', `FROM ${engines.base}\n`);
    const { code, stderr } = await shell.run(
      `tar -cS -C large . | dockerception filter | tar -tvS | grep -q ' 9663680512 .*disk' && ` +
        `tar -cS -C large Dockerfile | dockerception -q -t ${name}`,
    );
    expect(code, stderr).toBe(0);
  });
});

describe('other readers', () => {
  let shell: Shell;
  beforeAll(async () => {
    const [variant] = five;
    if (variant === undefined) throw new Error('there are no engines');
    shell = await openShell(variant);
    await shell.file('context.tar', context);
    const { code, stderr } = await shell.run('dockerception filter < context.tar > out.tar');
    expect(code, stderr).toBe(0);
  });
  afterAll(() => shell.close());

  it.each([
    ['GNU tar', 'tar -xf out.tar -C'],
    ['bsdtar', 'bsdtar -xf out.tar -C'],
    ["Python's tarfile", 'python3 -m tarfile -e out.tar'],
  ])('%s extracts the same content', async (name, extract) => {
    const into = name.replace(/\W/g, '');
    const { code, stdout, stderr } = await shell.run(
      `mkdir ${into} && ${extract} ${into} && cd ${into} && md5sum ${Object.keys(FILES).join(' ')} && test -d dump && ls`,
    );
    expect(code, stderr).toBe(0);
    for (const [file, bytes] of Object.entries(FILES))
      expect(stdout.toString()).toContain(`${md5(bytes)}  ${file}`);
    expect(stdout.toString()).not.toMatch(/acl|label/);
  });
});
