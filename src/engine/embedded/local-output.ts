/**
 * `-o type=local`: the file system as files in a folder, merged into what is there, as buildx does
 * it: they belong to who runs this, with their modes and times. A symbolic link that is there already
 * is replaced, never followed; only `dest` itself may be one.
 */
import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { DockerceptionError, systemCode } from '../../errors.js';
import { makeFolder } from '../../image/make-folder.js';
import { outputFailure } from '../../image/output-error.js';
import type { Report } from '../../progress/events.js';
import { printable } from '../../tar/printable.js';
import { changes, type Change } from '../../filesystem/changes.js';
import { separate, type FlatOptions, type FlatSystem } from './flat-tar.js';
import {
  fromBinary,
  isDirectory,
  isFile,
  isSymlink,
  NO_TIME,
  toBinary,
  type Directory,
  type Leaf,
} from '../../filesystem/node.js';
import { segments } from './segments.js';
import { withoutSlashes } from '../../text/trim.js';

/** Entries, and bytes of contents, between two looks at whether somebody wants this to stop. */
const ENTRIES = 500;
const CHUNK = 1 << 20;

/** What a folder is written with. */
export interface LocalOptions extends FlatOptions {
  /** Told once of what can't be a file there. */
  readonly report: Report;
}

/**
 * Writes the files into the folder `dest`, which is made when it isn't there. Throws of kind output:
 * OUTPUT_FULL, OUTPUT_FAILED; the signal's reason. What was written by then stays, each file whole.
 */
export async function writeLocal(
  systems: readonly FlatSystem[],
  dest: string,
  options: LocalOptions,
): Promise<void> {
  const writer = new LocalWriter(toBinary(withoutSlashes(dest)), options);
  try {
    await makeFolder(dest);
  } catch (error) {
    throw outputFailure(dest, error);
  }
  for (const root of separate(systems)) await writer.write(root);
  const left = [
    ...counted(writer.special, 'device or pipe', 'devices and pipes'),
    ...counted(writer.attributed, "file's extended attributes", "files' extended attributes"),
  ];
  if (left.length === 0) return;
  const message = `left out of ${dest}: ${left.join(', ')}`;
  options.report({ kind: 'notice', message, warning: true });
}

function counted(count: number, one: string, many: string): string[] {
  return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`];
}

class LocalWriter {
  /** How many were left out. */
  special = 0;
  attributed = 0;
  readonly #dest: string;
  readonly #options: LocalOptions;
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK);
  #sinceBreak = 0;

  /** @param dest binary, without a slash at its end */
  constructor(dest: string, options: LocalOptions) {
    this.#dest = dest;
    this.#options = options;
  }

  async write(root: Directory): Promise<void> {
    const directories: Change[] = [];
    const firstNames = new Map<object, string>();
    for (const change of changes(undefined, root)) {
      const { path, node } = change;
      const place = `${this.#dest}/${path}`;
      await this.#doing(place, async () => {
        if (node.extra?.xattrs !== undefined) this.attributed++;
        if (isDirectory(node)) {
          this.#directory(place, node.mode);
          directories.push({ ...change, path: place });
        } else await this.#leaf(place, node, firstNames);
      });
      if (++this.#sinceBreak >= ENTRIES) await this.#break();
    }
    // What is inside is there now: a directory may become read-only, and its time stays.
    for (const { path, node, mtime } of directories.reverse())
      await this.#doing(path, () => {
        fs.chmodSync(native(path), node.mode & 0o7777);
        const time = this.#time({ mtime });
        fs.utimesSync(native(path), time, time);
      });
  }

  /** Once in a while, somebody else may have something to do: a signal is heard then. */
  async #break(): Promise<void> {
    this.#sinceBreak = 0;
    await setImmediate();
    this.#options.signal.throwIfAborted();
  }

  async #doing(path: string, work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#options.signal.aborted) throw this.#options.signal.reason;
      throw outputFailure(fromBinary(path), error);
    }
  }

  #directory(path: string, mode: number): void {
    const found = lstat(path);
    if (found?.isDirectory() !== true) {
      if (found !== undefined) fs.unlinkSync(native(path));
      fs.mkdirSync(native(path), 0o700);
    } else if ((found.mode & 0o700) !== 0o700) {
      // Of an earlier run, read-only as the image has it.
      fs.chmodSync(native(path), (mode & 0o7777) | 0o700);
    }
  }

  async #leaf(path: string, node: Leaf, firstNames: Map<object, string>): Promise<void> {
    const first = node.extra?.links && firstNames.get(node.extra.links);
    if (!isFile(node) && !isSymlink(node)) {
      this.special++;
      return;
    }
    if (node.extra?.links !== undefined && first === undefined)
      firstNames.set(node.extra.links, path);
    if (first !== undefined) {
      remove(path);
      fs.linkSync(native(first), native(path));
    } else if (isSymlink(node)) {
      remove(path);
      fs.symlinkSync(native(node.extra?.target ?? ''), native(path));
      const time = this.#time(node);
      fs.lutimesSync(native(path), time, time);
    } else {
      await this.#file(path, node);
    }
  }

  /** A file that is there stays until the new one is whole. */
  async #file(path: string, node: Leaf): Promise<void> {
    const isThere = lstat(path) !== undefined;
    if (isThere) refuseFolder(path);
    const written = isThere ? partialName(path) : path;
    const descriptor = fs.openSync(native(written), 'wx', 0o600);
    let done = false;
    try {
      await this.#content(descriptor, node);
      fs.fchmodSync(descriptor, node.mode & 0o7777);
      const time = this.#time(node);
      fs.futimesSync(descriptor, time, time);
      if (isThere) fs.renameSync(native(written), native(path));
      done = true;
    } finally {
      fs.closeSync(descriptor);
      if (!done) fs.rmSync(native(written), { force: true });
    }
  }

  async #content(descriptor: number, node: Leaf): Promise<void> {
    let position = 0;
    for (const [offset, length] of segments(node)) {
      for (let from = 0; offset >= 0 && from < length;) {
        const step = Math.min(length - from, CHUNK);
        this.#options.spool.read(this.#chunk, 0, offset + from, step);
        for (let at = 0; at < step;)
          at += fs.writeSync(descriptor, this.#chunk, at, step - at, position + from + at);
        from += step;
        if (step === CHUNK) await this.#break();
      }
      position += length;
    }
    // A hole at the end is nothing that was written.
    if (node.extra?.pieces !== undefined) fs.ftruncateSync(descriptor, node.size);
  }

  #time({ mtime }: Pick<Change, 'mtime'>): number {
    return mtime === NO_TIME ? this.#options.time : mtime;
  }
}

/** Removes what a link is to replace. */
function remove(path: string): void {
  refuseFolder(path);
  fs.rmSync(native(path), { force: true });
}

/** An empty folder goes; one with files in it may be somebody's work. */
function refuseFolder(path: string): void {
  if (lstat(path)?.isDirectory() !== true) return;
  try {
    fs.rmdirSync(native(path));
  } catch (cause) {
    if (systemCode(cause) !== 'ENOTEMPTY' && systemCode(cause) !== 'EEXIST') throw cause;
    throw new DockerceptionError(
      'output',
      'OUTPUT_FAILED',
      `writing ${printable(fromBinary(path))}: a folder with something in it is there`,
      { cause, hint: 'remove it, or name another folder with dest=' },
    );
  }
}

function lstat(path: string): fs.Stats | undefined {
  return fs.lstatSync(native(path), { throwIfNoEntry: false });
}

let partials = 0;

/** Beside its place. */
function partialName(path: string): string {
  const slash = path.lastIndexOf('/') + 1;
  return `${path.slice(0, slash)}.partial-${process.pid}-${++partials}`;
}

/** A path as the system has it: bytes. */
function native(path: string): string | Buffer {
  const text = fromBinary(path);
  return text === path ? path : Buffer.from(path, 'latin1');
}
