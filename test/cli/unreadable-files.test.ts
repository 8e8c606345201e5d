/** A file that an option names and that can't be read: one line without system codes. */
import { describe, expect, it } from 'vitest';
import { run } from '../support/process/cli.js';
import { member, tar } from '../support/write-tar.js';

const CONTEXT = Buffer.from(tar(member({ name: 'Dockerfile', body: 'FROM scratch\nCOPY . /\n' })));

const BUILDER = ['--builder', 'tcp://127.0.0.1:1', '--push', '-t', 'a/b'];

describe.each([
  ['--dockerignore', (path: string) => ['-o', 'a.tar', '--dockerignore', path]],
  ['--add', (path: string) => ['-o', 'a.tar', '--add', path]],
  ['--secret', (path: string) => [...BUILDER, '--secret', `id=a,src=${path}`]],
  ['--tls-ca-cert', (path: string) => [...BUILDER, '--tls-ca-cert', path]],
] as const)('%s', (_, args) => {
  it('of a missing file is refused', async () => {
    const ended = await run(args('missing'), { input: CONTEXT });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^dockerception: .*missing.*: there is no such file$/m);
    expect(ended.stderr).not.toContain('ENOENT');
  });
});
