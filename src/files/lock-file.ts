/**
 * A lock between processes: the one that creates the file continues, the others wait until it is removed. Node has no
 * flock(2), so the lock of an ended process is recognised by its mark. If a process can't be checked, its lock is stale
 * when it hasn't changed for a while, whatever its time stamp.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { DockerceptionError, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';
import { hasEnded, processMark } from './process-mark.js';
import { TemporaryPath } from './temporary-path.js';

/** Milliseconds between two attempts. */
const PAUSE = 20;
/** Milliseconds until the wait is reported, until a lock is stale, and until the lock of a running process is an error. */
const TIMES = { reported: 1000, stale: 10_000, limit: 60_000 };

export interface LockOptions {
  /** Ends the wait with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called once, after a second. */
  readonly waiting?: ((message: string) => void) | undefined;
  readonly times?: Readonly<typeof TIMES>;
}

/**
 * Does short work while no other process does it.
 * @throws the error of the work; the signal's reason; DockerceptionError of kind output, OUTPUT_LOCKED; the
 *   system's error when the file can't be created.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const text = `${processMark()} ${randomBytes(6).toString('hex')}`;
  const place = await lock(path, text, options);
  try {
    return await work();
  } finally {
    // Another process may have replaced it as stale.
    if (contentOf(path) === text) place.remove();
    else place.keep();
  }
}

async function lock(
  path: string,
  text: string,
  { signal, waiting, times = TIMES }: LockOptions,
): Promise<TemporaryPath> {
  const begun = performance.now();
  let seen: { readonly state: string; readonly since: number } | undefined;
  let reported = false;
  for (;;) {
    signal?.throwIfAborted();
    const place = create(path, text);
    if (place !== undefined) return place;
    const now = performance.now();
    const state = stateOf(path);
    if (state !== undefined) {
      if (seen?.state !== state) seen = { state, since: now };
      if (isStale(path, now - seen.since, times.stale)) fs.rmSync(path, { force: true });
      else if (now - begun > times.limit)
        throw new DockerceptionError(
          'output',
          'OUTPUT_LOCKED',
          `writing ${printable(path)}: another process has kept it for ${times.limit / 1000} s`,
          { hint: 'end that process, or remove the file if there is none' },
        );
    }
    if (!reported && now - begun > times.reported) {
      reported = true;
      waiting?.(`waiting for ${path}, which another process has created`);
    }
    await setTimeout(PAUSE);
  }
}

function create(path: string, text: string): TemporaryPath | undefined {
  try {
    fs.writeFileSync(path, text, { flag: 'wx' });
    return TemporaryPath.register(path, 'file');
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return undefined;
    // On a full disk it was created, and is empty.
    TemporaryPath.register(path, 'file').remove();
    throw error;
  }
}

/** A text that differs when another process has created the file again. */
function stateOf(path: string): string | undefined {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  return found && `${found.ino} ${found.mtimeMs} ${contentOf(path)}`;
}

/** @param unchanged milliseconds that it was seen for */
function isStale(path: string, unchanged: number, limit: number): boolean {
  const [mark = ''] = (contentOf(path) ?? '').split(' ');
  const ended = hasEnded(mark);
  if (ended !== undefined) return ended;
  const found = fs.statSync(path, { throwIfNoEntry: false });
  return unchanged > limit || (found !== undefined && Date.now() - found.mtimeMs > limit);
}

function contentOf(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
