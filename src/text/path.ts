/** Paths inside a context: relative to its root, with slashes between components, none first or last. */
import { posix } from 'node:path';

/** The canonical path: no `.`, no empty component; the root is ''. Undefined if `..` leads out of the root. */
export function cleanPath(path: string): string | undefined {
  // The common case, without a copy.
  if (!/^[/.]|\/$|\/[/.]/.test(path)) return path;
  const clean = posix.normalize(`./${path}/`);
  if (clean.startsWith('../')) return undefined;
  return clean === './' ? '' : clean.slice(0, -1);
}

/** The components of a path, without `.` and empty ones; `..` has no effect at the root. */
export function componentsInside(path: string): string[] {
  return posix.normalize(`/${path}`).split('/').filter(Boolean);
}
