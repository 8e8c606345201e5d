/**
 * `--add`: what the host puts somewhere takes the place of what the stream has there. A directory
 * of the host and one of the stream become one; a file takes the place of all below its name.
 */
import { DockerceptionError } from '../errors.js';
import { cleanPath } from '../text/path.js';
import { printable } from '../text/printable.js';
import type { Edit } from './edit.js';

/** Each set holds the paths that one addition makes; a directory's end in `/`. */
export function replaceBy(additions: readonly ReadonlySet<string>[]): Edit {
  const files = new Set<string>();
  const directories = new Set<string>();
  for (const path of additions.flatMap((paths) => [...paths])) {
    const clean = cleanPath(path) ?? '';
    if (path.endsWith('/')) directories.add(clean);
    else files.add(clean);
    for (const parent of parents(clean)) directories.add(parent);
  }
  const replaced = (path: string, directory: boolean): boolean =>
    files.has(path) ||
    (directories.has(path) && !directory) ||
    parents(path).some((parent) => files.has(parent));
  return (entry) => {
    const path = cleanPath(entry.path) ?? '';
    if (path !== '' && replaced(path, entry.type === 'directory')) return 'drop';
    if (entry.type === 'hard-link' && replaced(cleanPath(entry.linkpath) ?? '', false)) {
      const message = `the hard link points to ${printable(entry.linkpath)}, which --add replaces`;
      throw new DockerceptionError('context', 'TAR_LINK', message);
    }
    return undefined;
  };
}

/** The directories above a clean path, the root left out. */
function parents(path: string): string[] {
  const above: string[] = [];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    above.push(path.slice(0, at));
  return above;
}
