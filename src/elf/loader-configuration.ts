/**
 * The directories that a builder's configuration adds to a loader's own: /etc/ld.so.conf with its
 * includes, which ldconfig(8) makes /etc/ld.so.cache of, and /etc/ld-musl-ARCH.path. The text is
 * read, not the cache: the cache is a digest of it in a format of its own, is missing where ldconfig
 * has not run, and mixes in variants for processors that another machine may not have.
 */
import { posix } from 'node:path';
import { compileShellGlob } from '../text/shell-glob.js';
import type { Root } from './builder-files.js';

/** Includes within includes: a circle ends here. */
const DEEPEST = 8;

/** The directories of /etc/ld.so.conf, in its order. */
export async function readLdSoConf(root: Root, path = '/etc/ld.so.conf'): Promise<string[]> {
  const directories = new Set<string>();
  await readInto(directories, root, path, 0);
  return [...directories];
}

async function readInto(
  directories: Set<string>,
  root: Root,
  path: string,
  depth: number,
): Promise<void> {
  const text = depth < DEEPEST ? await root.text(path) : undefined;
  for (const raw of text?.split('\n') ?? []) {
    const line = (raw.split('#', 1)[0] as string).trim();
    const [word = '', ...patterns] = line.split(/[ \t]+/);
    if (word === 'include') {
      for (const pattern of patterns)
        for (const file of await glob(root, posix.resolve(posix.dirname(path), pattern)))
          await readInto(directories, root, file, depth + 1);
    } else if (word.startsWith('/')) {
      // `/usr/lib=libc6` tells a type, of which there is one left.
      directories.add(clean(withoutType(line)));
    }
  }
}

/** The directories of /etc/ld-musl-ARCH.path: colons or lines; undefined when there is no file. */
export async function readMuslPath(root: Root, path: string): Promise<string[] | undefined> {
  const text = await root.text(path);
  const parts = text?.split(/[:\n]/).filter((part) => part.startsWith('/'));
  return parts && [...new Set(parts.map(clean))];
}

/** Without the slash at its end. */
function clean(directory: string): string {
  return posix.resolve('/', directory);
}

/** The paths that a pattern of a shell stands for, sorted: glob(3). */
async function glob(root: Root, pattern: string): Promise<string[]> {
  let found = [''];
  for (const part of pattern.split('/').slice(1)) {
    if (!/[*?[]/.test(part)) {
      found = found.map((path) => `${path}/${part}`);
      continue;
    }
    const fits = compileShellGlob(part);
    const next: string[] = [];
    for (const path of found)
      for (const name of [...(await root.list(path || '/'))].sort())
        if (fits(name) && (part.startsWith('.') || !name.startsWith('.')))
          next.push(`${path}/${name}`);
    found = next;
  }
  return found;
}

/** A line up to the first `=` in its last component. */
function withoutType(line: string): string {
  const equals = line.indexOf('=', line.lastIndexOf('/'));
  return (equals < 0 ? line : line.slice(0, equals)).trim();
}
