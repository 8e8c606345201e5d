import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '../../src/inspect/inspect.js';
import { targetOf } from '../../src/inspect/target.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  await writeFile(join(folder, 'app.tar'), '');
  await mkdir(join(folder, 'context'));
  await writeFile(join(folder, 'context/index.json'), '{}');
  await mkdir(join(folder, 'layout/index.json'), { recursive: true });
  await mkdir(join(folder, 'image'));
  for (const name of ['oci-layout', 'index.json'])
    await writeFile(join(folder, 'image', name), '{}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a target', () => {
  it('that exists is used as it is', async () => {
    expect(await targetOf(join(folder, 'app.tar'))).toMatchObject({ kind: 'file' });
    expect(await targetOf(join(folder, 'context'))).toMatchObject({ kind: 'directory' });
    expect(await targetOf(join(folder, 'layout'))).toMatchObject({ kind: 'directory' });
    expect(await targetOf(`${join(folder, 'image')}/`)).toMatchObject({ kind: 'layout' });
    expect(await targetOf('/dev/null')).toMatchObject({ kind: 'file' });
  });

  it.each([
    ['-', { kind: 'stdin' }],
    ['docker-image://debian:12', { kind: 'registry', reference: 'debian:12' }],
    ['oci-archive://a.tar:1', { kind: 'image-file', scheme: 'oci-archive', rest: 'a.tar:1' }],
    ['docker-archive://a', { kind: 'image-file', scheme: 'docker-archive', rest: 'a' }],
    ['oci-layout://a@sha256:0', { kind: 'image-file', scheme: 'oci-layout', rest: 'a@sha256:0' }],
    ['debian', { kind: 'engine', reference: 'debian' }],
    ['registry.example:5000/a/b:1', { kind: 'engine', reference: 'registry.example:5000/a/b:1' }],
    ['0123abcd', { kind: 'engine', reference: '0123abcd' }],
    [`sha256:${'0'.repeat(64)}`, { kind: 'engine', reference: `sha256:${'0'.repeat(64)}` }],
    ['0'.repeat(64), { kind: 'engine', reference: '0'.repeat(64) }],
  ])('%s is %j', async (text, target) => {
    expect(await targetOf(text)).toEqual(target);
  });

  it.each([
    './app.tar',
    '/nowhere/app.tar',
    '../there-is-no-such-file',
    'App.tar',
    '~/x',
    'a b',
    'http://x/y',
    'oci-archive://',
    '\x1b[31m',
    'a\0b',
    '',
  ])('%j that is not there needs no engine to say so', async (text) => {
    expect(await targetOf(text)).toEqual({ kind: 'missing' });
    const error: unknown = await inspect({ target: text, env: {} }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      kind: 'usage',
      code: text === '' ? 'USAGE_OPTION' : 'TARGET_NOT_FOUND',
    });
    expect((error as Error).message).not.toMatch(/[\x00-\x1f]/);
  });
});
