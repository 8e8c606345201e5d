/** Which paths below a directory of the host are packed: depth first, each directory in order. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { posix } from 'node:path';
import { isTemporaryName } from '../files/temporary-path.js';
import { printable } from '../text/printable.js';
import { unreadable } from './host-file.js';

/** What decides. Paths are relative to the root. */
export interface Selection {
  readonly excludes: (path: string) => boolean;
  /** Whether something below an excluded directory may be kept all the same. */
  readonly mayKeepBelow: (path: string) => boolean;
  /** Called for each socket: no tar holds one, so they are left out. */
  readonly socket?: (path: string) => void;
}

/** A path to pack. */
export interface Found {
  readonly path: string;
  readonly directory: boolean;
}

/** Everything below the root, but for files that a build is writing at the moment. */
export const EVERYTHING: Selection = {
  excludes: (path) => isTemporaryName(posix.basename(path)),
  mayKeepBelow: () => false,
};
const MAX_BATCH = 1000;

/** A directory on the way down; one that is excluded is packed only for what is kept in it. */
interface Directory {
  readonly path: string;
  readonly above: Directory | undefined;
  packed: boolean;
}

/**
 * Yields what is below `root`, without the root, in batches. A directory comes before what is in
 * it, and what isn't walked isn't read.
 * @param name what error messages call the root
 * @throws DockerceptionError `CONTEXT_UNREADABLE` when a directory can't be read
 */
export async function* walkHost(
  root: string,
  name: string,
  { excludes, mayKeepBelow, socket }: Selection = EVERYTHING,
): AsyncGenerator<Found[]> {
  const stack: Directory[] = [{ path: '', above: undefined, packed: true }];
  for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
    const inside: Directory[] = [];
    let batch: Found[] = [];
    for (const entry of await list(
      posix.join(root, here.path),
      posix.join(name, here.path),
      here.packed,
    )) {
      const path = posix.join(here.path, entry.name);
      const excluded = excludes(path);
      if (entry.isDirectory() && (!excluded || mayKeepBelow(path)))
        inside.push({ path, above: here, packed: !excluded });
      if (excluded) continue;
      if (entry.isSocket()) {
        socket?.(path);
        continue;
      }
      batch.push(...bringBack(here), { path, directory: entry.isDirectory() });
      if (batch.length < MAX_BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
    stack.push(...inside.reverse());
  }
}

/** The excluded directories, from the top, that something in the last one is now kept in. */
function bringBack(directory: Directory): Found[] {
  if (directory.packed) return [];
  directory.packed = true;
  const above = directory.above ? bringBack(directory.above) : [];
  return [...above, { path: directory.path, directory: true }];
}

/** Reports the first socket that is left out. */
export function socketNotice(
  notice: ((message: string) => void) | undefined,
): (path: string) => void {
  let reported = false;
  return (path) => {
    if (!reported) notice?.(`left out sockets, which no tar holds: '${printable(path, 60)}'`);
    reported = true;
  };
}

async function list(path: string, shown: string, kept: boolean): Promise<Dirent[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    // As for docker, an excluded directory that can't be read has nothing that is kept.
    if (!kept && (error as NodeJS.ErrnoException).code === 'EACCES') return [];
    throw unreadable(shown, error);
  }
}
