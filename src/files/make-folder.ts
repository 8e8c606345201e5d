/**
 * Creates a folder and those above it. Node's `recursive: true` never returns where the kernel reports ENOENT for
 * every new folder (in /proc).
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemCode } from '../errors.js';
import { TemporaryPath } from './temporary-path.js';

/**
 * Creates the missing folders of a path.
 * @returns those created, the outermost first; each is removed on exit if it is empty, unless it is kept
 * @throws the system's error, after removing them: EEXIST if a file is in the way, ENOENT if none can be created there
 */
export function makeFolder(path: string): TemporaryPath[] {
  try {
    mkdirSync(path);
    return [TemporaryPath.register(path, 'empty folder')];
  } catch (error) {
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

/** Creates the missing folders of a path, to stay. Throws as {@link makeFolder}. */
export function keepFolder(path: string): void {
  for (const made of makeFolder(path)) made.keep();
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
