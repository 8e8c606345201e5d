import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAddition } from '../../src/source/addition.js';
import { readTar } from '../support/read-tar.js';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'dockerception-host-'));
beforeAll(() => {
  fs.mkdirSync(`${dir}/tree/sub`, { recursive: true });
  fs.mkdirSync(`${dir}/tree/empty`);
  fs.writeFileSync(`${dir}/tree/file`, 'file');
  fs.writeFileSync(`${dir}/tree/.dockerignore`, '*');
  fs.writeFileSync(`${dir}/tree/sub/deep`, 'deep');
  fs.symlinkSync('sub', `${dir}/tree/link`);
  fs.symlinkSync('tree/file', `${dir}/link-to-file`);
});
afterAll(() => fs.rmSync(dir, { recursive: true }));

const tree = (under: string): string[] =>
  ['.dockerignore', 'empty/', 'file', 'link', 'sub/', 'sub/deep'].map((name) => under + name);

test.each([
  ['tree', '.', tree('')],
  ['tree/', './', tree('')],
  ['tree', 'x', ['x/', ...tree('x/')]],
  ['tree', 'x/y/', ['x/y/', ...tree('x/y/')]],
  ['tree/file', 'bin/app', ['bin/app']],
  ['tree/file', 'bin/', ['bin/file']],
  ['tree/file', '.', ['file']],
  ['link-to-file', '.', ['link-to-file']],
])(
  '%s as %s is packed under these names, which are the ones foretold',
  async (host, dest, names) => {
    const { source, paths } = await openAddition(`${dir}/${host}`, dest);
    const tar = Buffer.concat((await source.stream.toArray()) as Buffer[]);
    await source.complete;
    const list = execFileSync('tar', ['-t'], { input: tar, encoding: 'utf8' }).trim().split('\n');
    expect(list.sort()).toEqual([...names].sort());
    expect([...paths].sort()).toEqual([...names].sort());
  },
);

test('a link to a file is packed as the file', async () => {
  const { stream } = (await openAddition(`${dir}/link-to-file`, 'app')).source;
  const input = Buffer.concat((await stream.toArray()) as Buffer[]);
  expect(execFileSync('tar', ['-xO', 'app'], { input, encoding: 'utf8' })).toBe('file');
});

test.each(['../out', '/abs', 'a/../../b'])(
  'a destination outside, %s, is refused',
  async (dest) => {
    await expect(openAddition(`${dir}/tree`, dest)).rejects.toMatchObject({ kind: 'usage' });
  },
);

test('what is not there is a usage error', async () => {
  await expect(openAddition(`${dir}/no`, '.')).rejects.toMatchObject({
    kind: 'usage',
    message: `adding ${dir}/no: there is no such file`,
  });
});

test('a file with several names in a directory is packed once, with hard links', async () => {
  const several = `${dir}/several`;
  fs.mkdirSync(`${several}/sub`, { recursive: true });
  fs.writeFileSync(`${several}/one`, 'content');
  fs.linkSync(`${several}/one`, `${several}/sub/two`);
  fs.linkSync(`${several}/one`, `${dir}/outside`);
  const { stream } = (await openAddition(several, 'app/')).source;
  const { entries } = readTar(Buffer.concat((await stream.toArray()) as Buffer[]));
  const files = entries.filter(({ typeflag }) => typeflag !== '5');
  expect(files).toMatchObject([
    { name: 'app/one', typeflag: '0', body: Buffer.from('content') },
    { name: 'app/sub/two', typeflag: '1', linkname: 'app/one' },
  ]);
});
