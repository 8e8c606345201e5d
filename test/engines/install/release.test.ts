/** A release of this version, but for what it would change, with every version of Node that is supported. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyToRepository, TIMEOUT } from './repository.js';

const exec = promisify(execFile);
let folder: string;
let repository: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-release-test-'));
  repository = join(folder, 'repository');
  await copyToRepository(repository);
});
afterAll(() => rm(folder, { recursive: true }));

/** The folder of Node's program, from its package. */
async function installNode(major: number): Promise<string> {
  const name = `node-linux-${process.arch}`;
  const prefix = join(folder, `node-${major}`);
  const options = ['--no-save', '--ignore-scripts', '--prefix', prefix];
  await exec('npm', ['install', ...options, `${name}@${major}`], { cwd: folder });
  return join(prefix, 'node_modules', name, 'bin');
}

it.each([20, 22, 24])(
  'would be released with Node %d',
  async (major) => {
    const PATH = `${await installNode(major)}:${process.env['PATH']}`;
    const options = { cwd: repository, env: { ...process.env, PATH } };
    const { stdout: used } = await exec('node', ['--version'], options);
    expect(used).toMatch(new RegExp(`^v${major}\\.`));
    const args = ['scripts/release.js', '9.9.9', '--dry-run'];
    const { stdout } = await exec('node', args, options);
    expect(stdout).toMatch(
      /^[0-9a-f]{64} {2}dockerception-9\.9\.9\.tgz\nv9\.9\.9 could be released\n$/,
    );
    const changes = await exec('git', ['status', '--porcelain'], options);
    const refs = await exec('git', ['for-each-ref', '--format=%(refname)'], options);
    expect([changes.stdout, refs.stdout]).toEqual(['', 'refs/heads/main\n']);
  },
  TIMEOUT,
);
