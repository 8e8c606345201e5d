/** A directory as a source, as `docker build DIR` sees it. */
import fs from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { type Ignore, compileIgnore, keepBuildFiles, parseIgnore } from '../dockerfile/ignore.js';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { unreadable } from './host-file.js';
import { packTree } from './pack.js';
import type { Source } from './source.js';

/** How a directory is read. */
export interface DirectoryOptions {
  /** The Dockerfile's path inside the directory: it stays whatever is ignored. */
  readonly file: string;
}

/**
 * Opens a directory. Its .dockerignore is read now (or, as in BuildKit, `FILE.dockerignore` in its
 * place), its files when the stream is. Links stay links, sockets are left out.
 * @throws DockerceptionError `USAGE_DIRECTORY` of kind `usage`, `IGNORE_PATTERN` and
 *   `CONTEXT_UNREADABLE` of kind `context`; the stream fails with the last one
 */
export async function directorySource(dir: string, options: DirectoryOptions): Promise<Source> {
  const root = await resolve(dir);
  const file = posix.normalize(options.file);
  const ignore = compileIgnore(keepBuildFiles(await readIgnore(dir, root, file), file));
  const stream = packTree(root, {
    entries: ['.'],
    ignore: ignoring(root, ignore),
    rename: (path) => path,
    name: dir.replace(/(?<=.)\/+$/, ''),
  });
  return { name: dir, stream, complete: Promise.resolve() };
}

/** The directory behind a path. tar-fs would pack a link to one as the link. */
async function resolve(dir: string): Promise<string> {
  try {
    const root = await realpath(dir);
    if (!(await stat(root)).isDirectory()) throw new Error('it is not a directory');
    return root;
  } catch (cause) {
    const why = systemCode(cause) === 'ENOENT' ? 'there is no such directory' : messageOf(cause);
    throw new DockerceptionError('usage', 'USAGE_DIRECTORY', `opening ${dir}: ${why}`, { cause });
  }
}

async function readIgnore(dir: string, root: string, file: string): Promise<string[]> {
  for (const name of [`${file}.dockerignore`, '.dockerignore']) {
    const path = posix.join(dir, name);
    try {
      return parseIgnore(await readFile(posix.join(root, name), 'utf8'), path);
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) throw unreadable(path, error);
    }
  }
  return [];
}

/**
 * An excluded directory is walked, and packed, only when something below it is kept: that has to
 * be known before it is packed, since a directory goes before what it contains.
 */
function ignoring(root: string, ignore: Ignore): (path: string) => boolean {
  const keepsBelow = (path: string): boolean => {
    if (!ignore.couldKeepBelow(path)) return false;
    try {
      return fs
        .readdirSync(posix.join(root, path))
        .some((name) => !isIgnored(posix.join(path, name)));
    } catch (error) {
      // What isn't a directory has nothing below it; nor has, as for docker, what can't be read.
      if (['ENOTDIR', 'EACCES', 'EPERM', 'ENOENT'].includes(systemCode(error) ?? '')) return false;
      // Any other failure comes up again, and is reported, when tar-fs goes there.
      return true;
    }
  };
  const isIgnored = (path: string): boolean => ignore.matches(path) && !keepsBelow(path);
  return isIgnored;
}
