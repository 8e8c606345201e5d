/**
 * One process at a time: whoever has made the file goes on, the others wait until it is gone. Node has no
 * flock(2), so that what a process has left that was killed counts for nothing after a while.
 */
import { open, rm, stat } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { systemCode } from '../errors.js';

/** Milliseconds between two tries. */
const PAUSE = 20;
/** Milliseconds after which nobody is at work any more. */
const STALE = 10_000;

/**
 * Does a work of a moment while nobody else does it.
 * @throws what the work throws, and the system's error when the file can't be made.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  while (!(await lock(path))) await setTimeout(PAUSE);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function lock(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > STALE) await rm(path, { force: true });
    return false;
  }
}
