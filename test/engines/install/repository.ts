/** A repository of what this working copy has, without what is built. */
import { execFile } from 'node:child_process';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../commands.js';

/** Milliseconds: npm installs the dependencies for development, and builds, on two processors that other tests use too. */
export const TIMEOUT = 600_000;

export async function copyToRepository(folder: string): Promise<void> {
  const left = ['.git', 'coverage', 'dist', 'node_modules'].map((name) => join(ROOT, name));
  await cp(ROOT, folder, { recursive: true, filter: (path) => !left.includes(path) });
  const git = (...args: string[]): Promise<unknown> =>
    promisify(execFile)('git', args, { cwd: folder });
  await git('init', '-q', '-b', 'main');
  await git('config', 'user.name', 'x');
  await git('config', 'user.email', 'x@localhost');
  await git('add', '--all');
  await git('commit', '-q', '-m', 'x');
}
