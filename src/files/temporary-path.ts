/**
 * Temporary files and folders with a name, beside the output that they become. All are registered here and removed on
 * exit; those of a killed process are removed by the next run that writes into the same folder. Names are changed
 * synchronously: a change that another thread completes after the removal would leave them.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasEnded, processMark } from './process-mark.js';

const PREFIX = '.dockerception.partial-';
const NAME = /^\.dockerception\.partial-([0-9a-f]{12}-[0-9]+-[0-9]+)-[0-9a-f]{12}$/;

/** Milliseconds without a change after which a path is abandoned, if its process can't be checked. */
const ABANDONED = 24 * 3600 * 1000;
/** Milliseconds after which a path is marked as still in use. */
const REFRESH = 3600 * 1000;

type Kind = 'file' | 'tree' | 'empty folder';

/** In the order of creation. */
const registered = new Map<TemporaryPath, Kind>();
let refreshing: NodeJS.Timeout | undefined;

/** A path that is removed on exit, unless it is kept. */
export class TemporaryPath {
  private constructor(readonly path: string) {}

  /** Creates a file beside an output. Throws the system's error. */
  static file(folder: string, mode: number): { readonly place: TemporaryPath; descriptor: number } {
    const path = join(folder, temporaryName());
    const descriptor = fs.openSync(path, 'wx+', mode);
    return { place: TemporaryPath.register(path, 'file'), descriptor };
  }

  /** Creates a folder that is removed with everything in it. Throws the system's error. */
  static folder(parent: string): TemporaryPath {
    const path = join(parent, temporaryName());
    fs.mkdirSync(path, 0o700);
    return TemporaryPath.register(path, 'tree');
  }

  /** Registers a path that was created. An empty folder is removed only while it is empty. */
  static register(path: string, kind: Kind): TemporaryPath {
    const place = new TemporaryPath(path);
    if (registered.size === 0) {
      process.on('exit', removeAll);
      refreshing = setInterval(refresh, REFRESH).unref();
    }
    registered.set(place, kind);
    return place;
  }

  /** Keeps the path: it is part of the output now. */
  keep(): void {
    if (!registered.delete(this) || registered.size > 0) return;
    process.off('exit', removeAll);
    clearInterval(refreshing);
  }

  /** Removes the path. May be called twice, and after `keep`, which it then respects. */
  remove(): void {
    const kind = registered.get(this);
    if (kind === undefined) return;
    this.keep();
    try {
      if (kind === 'empty folder') fs.rmdirSync(this.path);
      else fs.rmSync(this.path, { force: true, recursive: kind === 'tree' });
    } catch {
      // A folder that isn't empty has other users too; for the rest, the first error counts.
    }
  }
}

/** Whether a file or folder of this name is temporary, of this or another process. */
export function isTemporaryName(name: string): boolean {
  return NAME.test(name);
}

/** Removes the temporary paths of killed processes from a folder. Never fails. */
export async function removeAbandoned(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const mark = NAME.exec(name)?.[1];
    if (mark === undefined) continue;
    const path = join(folder, name);
    if (hasEnded(mark) ?? (await isOld(path)))
      await rm(path, { force: true, recursive: true }).catch(() => undefined);
  }
}

async function isOld(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > ABANDONED;
}

function temporaryName(): string {
  return `${PREFIX}${processMark()}-${randomBytes(6).toString('hex')}`;
}

/** The last one first: a folder must be empty when it is removed. */
function removeAll(): void {
  for (const place of [...registered.keys()].reverse()) place.remove();
}

function refresh(): void {
  const now = new Date();
  for (const { path } of registered.keys()) fs.utimes(path, now, now, () => undefined);
}
