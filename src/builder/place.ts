/** Names out of a container's archive, which begin with what was asked for, into the context. */
import { posix } from 'node:path';
import type { Edit } from '../edit/edit.js';
import { DockerceptionError } from '../errors.js';
import { cleanPath } from '../text/path.js';
import { trimEnd } from '../text/trim.js';

/** Where an artifact goes in the context: a clean path, '' for the root. */
export function destinationOf(
  path: string,
  dest: string | undefined,
  isDirectory: boolean,
): string {
  const name = posix.basename(posix.resolve('/', path));
  if (dest === undefined) return name;
  const clean = cleanPath(dest.replace(/^\/+/, ''));
  if (clean === undefined)
    throw new DockerceptionError(
      'usage',
      'USAGE_ARTIFACT',
      `placing ${path}: '${dest}' leads outside of the context`,
    );
  // As for --add: a file goes into the folder that is named, a directory takes its name.
  const isFolder = clean === '' || dest.endsWith('/');
  return isFolder && !isDirectory ? posix.join(clean, name) : clean;
}

/** From the names of one archive to those below `dest`, '' for the root. */
export function mover(dest: string): (name: string) => string {
  let base: string | undefined;
  return (name) => {
    const clean = trimEnd(name.replace(/^(?:\.?\/)+/, ''), '/');
    base ??= clean;
    if (clean === base) return dest;
    const rest = base === '' || base === '.' ? clean : clean.slice(base.length + 1);
    return dest === '' ? rest : `${dest}/${rest}`;
  };
}

/** Puts the archive of one path at `dest`; what hard links name moves along. */
export function place(dest: string): Edit {
  const move = mover(dest);
  return (entry) => {
    const isDirectory = entry.type === 'directory';
    const name = move(entry.pathBytes.toString('latin1'));
    // The context has a root of its own.
    if (name === '') return 'drop';
    entry.pathBytes = Buffer.from(isDirectory ? `${name}/` : name, 'latin1');
    if (entry.type === 'hard-link')
      entry.linkpathBytes = Buffer.from(move(entry.linkpathBytes.toString('latin1')), 'latin1');
    return undefined;
  };
}
