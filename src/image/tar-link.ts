/** Paths in an image archive, and where links in it lead: to another of its files. */
import type { ViewedEntry } from '../tar/entry-view.js';

/** Where a symbolic or hard link leads; `path` is its own, clean. */
export function linkTarget(path: string, { type, linkpath }: ViewedEntry): string {
  const isRelative = type === 'symlink' && !linkpath.startsWith('/');
  const folder = isRelative ? path.slice(0, path.lastIndexOf('/') + 1) : '';
  return cleanMember(folder + linkpath);
}

/** Without `.`, `..` and empty parts: what leads outside is no file of the archive. */
export function cleanMember(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  return parts.join('/');
}
