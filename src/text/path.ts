/** Paths inside a context: relative to its root, with slashes between components, none first or last. */

/**
 * The one form of a path: no `.`, no empty component, no slash at either end; the root is ''.
 * Undefined when `..` leads out of the root.
 */
export function cleanPath(path: string): string | undefined {
  if (isClean(path)) return path;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

/** The components of a path, without `.` and empty ones; `..` has no effect at the root. */
export function componentsInside(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split('/'))
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  return parts;
}

/** The common case, decided without splitting the path. */
function isClean(path: string): boolean {
  return (
    !path.startsWith('/') &&
    !path.startsWith('.') &&
    !path.endsWith('/') &&
    !path.includes('//') &&
    !path.includes('/.')
  );
}
