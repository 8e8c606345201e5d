/** A path of the host as a source: a directory, or a tar file. */
import { stat } from 'node:fs/promises';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import type { DirectoryOptions } from './directory.js';
import type { Source } from './source.js';

/** Opens a path; a directory as the options say. Throws USAGE_CONTEXT when nothing is there. */
export async function openPath(path: string, options: DirectoryOptions): Promise<Source> {
  let directory: boolean;
  try {
    directory = (await stat(path)).isDirectory();
  } catch (cause) {
    const missing = systemCode(cause) === 'ENOENT';
    const remote = missing ? remoteHint(path) : undefined;
    if (remote !== undefined) {
      const message = `reading the context ${withoutPassword(path)}: addresses are not fetched`;
      throw new DockerceptionError('usage', 'USAGE_CONTEXT', message, { cause, hint: remote });
    }
    const why = missing ? 'there is no such file or directory' : messageOf(cause);
    throw new DockerceptionError('usage', 'USAGE_CONTEXT', `reading the context ${path}: ${why}`, {
      cause,
      hint: 'CONTEXT is a directory, a tar file, or - for standard input',
    });
  }
  if (directory) {
    const { directorySource } = await import('./directory.js');
    return directorySource(path, options);
  }
  const { fileSource } = await import('./file.js');
  return fileSource(path);
}

/** What to do with an address that `docker build` would fetch; `undefined` for a path. */
function remoteHint(path: string): string | undefined {
  const shown = withoutPassword(path);
  const url = shown.replace(/#.*$/, '');
  if (/^(git|ssh):\/\/|^git@|^github\.com\/|^https?:\/\/[^?#]*\.git(#|$)/.test(path))
    return `git clone ${url} DIR, then dockerception DIR`;
  return /^(https?|ftp):\/\//.test(path) ? `curl -fsSL ${shown} | dockerception …` : undefined;
}

function withoutPassword(address: string): string {
  return address.replace(/^([a-z]+:\/\/)[^/@]*@/, '$1');
}
