/**
 * Creates a folder and those above it. Not with the system's `recursive: true`: where nothing can be created
 * and the kernel reports that nothing exists (in /proc), Node never returns.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../errors.js';
import { TemporaryPath } from './temporary-path.js';

/**
 * Creates what doesn't exist yet.
 *
 * @returns what was created, the outermost folder first: removed on exit while it is empty, unless it is kept
 * @throws the system's error, and nothing is left then: EEXIST when a file is in the way, ENOENT when the
 *   system knows no such place.
 */
export function makeFolder(path: string): TemporaryPath[] {
  const place = TemporaryPath.register(path, 'empty folder');
  try {
    mkdirSync(path);
    return [place];
  } catch (error) {
    place.keep();
    const code = systemCode(error);
    if (code === 'EEXIST' && isFolder(path)) return [];
    const above = dirname(path);
    // The folder above exists, and still this one can't be created.
    if (code !== 'ENOENT' || above === path || isFolder(above)) throw error;
    const made = makeFolder(above);
    try {
      return [...made, ...makeFolder(path)];
    } catch (failure) {
      for (const one of made.reverse()) one.remove();
      throw failure;
    }
  }
}

/** Creates a folder and those above it, to stay. Throws as {@link makeFolder}. */
export function keepFolder(path: string): void {
  for (const made of makeFolder(path)) made.keep();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
