/**
 * Makes a folder and those above it. Not with the system's `recursive: true`: where nothing can be made
 * and the kernel says that nothing is there (in /proc), Node goes round in circles for ever.
 */
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemCode } from '../errors.js';

/**
 * Resolves when the folder is there. When it fails, those that `made` was told of by then stay.
 *
 * @param made is told of each folder that wasn't there, the outermost first
 * @throws the system's error: EEXIST when a file is in the way, ENOENT when the system knows no such place.
 */
export async function makeFolder(path: string, made?: (path: string) => void): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST' && (await isFolder(path))) return;
    const above = dirname(path);
    // Above there is a folder already, and still it can't be made.
    if (code !== 'ENOENT' || above === path || (await isFolder(above))) throw error;
    await makeFolder(above, made);
    await makeFolder(path, made);
    return;
  }
  made?.(path);
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
