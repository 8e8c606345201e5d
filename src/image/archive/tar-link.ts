/** Paths in an image archive, and where links in it lead: to another of its files. */
import type { EntryHeader } from '../../tar/entry-header.js';
import { componentsInside } from '../../text/path.js';

const MAX_LINKS = 10;

/** Where a symbolic or hard link leads; `path` is its own, clean. */
export function linkTarget(path: string, { type, linkpath }: EntryHeader): string {
  const isRelative = type === 'symlink' && !linkpath.startsWith('/');
  const folder = isRelative ? path.slice(0, path.lastIndexOf('/') + 1) : '';
  return cleanMember(folder + linkpath);
}

/** Without `.`, `..` and empty parts: what leads outside is no file of the archive. */
export function cleanMember(path: string): string {
  return componentsInside(path).join('/');
}

/** Follows links that lead from one to the next, as far as they do. */
export function followMember(path: string, targetOf: (path: string) => string | undefined): string {
  let at = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const target = targetOf(at);
    if (target === undefined) break;
    at = target;
  }
  return at;
}
