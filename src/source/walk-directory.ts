/** Lists the paths below a directory that are packed: depth first, each directory in order. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { posix } from 'node:path';
import { isTemporaryName } from '../files/temporary-path.js';
import { printable } from '../text/printable.js';
import { unreadable } from './pack.js';

/** Which paths are packed. They are relative to the root. */
export interface Selection {
  readonly excludes?: (path: string) => boolean;
  /** Whether something below an excluded directory may be kept. */
  readonly mayKeepBelow?: (path: string) => boolean;
  /** Called once if sockets are omitted: no tar can store them. */
  readonly notice?: ((message: string) => void) | undefined;
}

/** A path to pack. */
export interface Found {
  readonly path: string;
  readonly directory: boolean;
}

const MAX_BATCH = 1000;

/** A directory on the path; an excluded one is packed only if something in it is kept. */
interface Directory {
  readonly path: string;
  readonly above: Directory | undefined;
  packed: boolean;
}

/**
 * Yields the paths below `root` in batches, each directory before its contents. Files that a build is writing are omitted.
 * @param name the name of the root in error messages
 * @throws DockerceptionError `CONTEXT_UNREADABLE` when a directory can't be read
 */
export async function* walkDirectory(
  root: string,
  name: string,
  { excludes = () => false, mayKeepBelow = () => false, notice }: Selection,
): AsyncGenerator<Found[]> {
  let hasSockets = false;
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
      const excluded = isTemporaryName(entry.name) || excludes(path);
      if (entry.isDirectory() && (!excluded || mayKeepBelow(path)))
        inside.push({ path, above: here, packed: !excluded });
      if (excluded) continue;
      if (entry.isSocket()) {
        if (!hasSockets) notice?.(`left out sockets, which no tar holds: '${printable(path, 60)}'`);
        hasSockets = true;
        continue;
      }
      batch.push(...unpackedParents(here), { path, directory: entry.isDirectory() });
      if (batch.length < MAX_BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
    stack.push(...inside.reverse());
  }
}

/** The excluded directories, from the top, that have to be packed for something in the last one. */
function unpackedParents(directory: Directory): Found[] {
  if (directory.packed) return [];
  directory.packed = true;
  const above = directory.above ? unpackedParents(directory.above) : [];
  return [...above, { path: directory.path, directory: true }];
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
