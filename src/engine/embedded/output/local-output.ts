/**
 * Writes `-o type=local`: the file system as files in a folder, merged into its content as buildx does. The files
 * belong to the current user, and keep their modes and times. Everything is first written into a temporary folder inside
 * `dest`, then moved: nothing else in `dest` changes before. Existing symbolic links are replaced, never followed;
 * only `dest` itself may be one.
 */
import fs from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { DockerceptionError } from '../../../errors.js';
import { makeFolder } from '../../../files/make-folder.js';
import { removeAbandoned, TemporaryPath } from '../../../files/temporary-path.js';
import { outputFailure } from '../../../files/write-error.js';
import type { Change } from '../../../filesystem/changes.js';
import { isDirectory, isFile, isSymlink, type Leaf, NO_TIME } from '../../../filesystem/node.js';
import type { Report } from '../../../progress/events.js';
import { fromBinary, toBinary } from '../../../text/binary.js';
import { printable } from '../../../text/printable.js';
import { withoutSlashes } from '../../../text/trim.js';
import { segments } from '../spool/contents.js';
import { flatChanges, type FlatOptions, type FlatSystem } from './flat-tar.js';

/** Entries, and bytes of contents, between two checks of the signal. */
const ENTRIES = 500;
const CHUNK = 1 << 20;

export interface LocalOptions extends FlatOptions {
  /** Receives one notice about entries that cannot be written. */
  readonly report: Report;
}

/**
 * Writes the files into the folder `dest`, which is created if it does not exist. Throws OUTPUT_FULL and OUTPUT_FAILED,
 * of kind output, and the reason of the signal. No file is left then, unless moving failed.
 */
export async function writeLocal(
  systems: readonly FlatSystem[],
  dest: string,
  options: LocalOptions,
): Promise<void> {
  let made: readonly TemporaryPath[] = [];
  let staging: TemporaryPath | undefined;
  let writer: LocalWriter | undefined;
  try {
    made = makeFolder(dest);
    await removeAbandoned(dest);
    staging = TemporaryPath.folder(dest);
    writer = new LocalWriter(dest, staging.path, options);
    for (const system of flatChanges(systems)) await writer.stage(system);
    options.signal.throwIfAborted();
    for (const one of made) one.keep();
    writer.move();
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    throw outputFailure(writer?.place ?? dest, error);
  } finally {
    staging?.remove();
    for (const one of made.toReversed()) one.remove();
  }
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
  /** Counts of what was left out. */
  special = 0;
  attributed = 0;
  /** Both binary, without a trailing slash. */
  readonly #dest: string;
  readonly #staging: string;
  readonly #chunk = Buffer.allocUnsafeSlow(CHUNK);
  readonly #directories: Change[] = [];
  /** Paths to move from the staging folder, without those whose parent is moved. */
  readonly #moves: string[] = [];
  /** Directories that exist in `dest`, and that others are merged into. */
  readonly #merged = new Set<string>(['']);
  #sinceBreak = 0;
  #path: string | undefined;

  constructor(
    dest: string,
    staging: string,
    private readonly options: LocalOptions,
  ) {
    this.#dest = toBinary(withoutSlashes(dest));
    this.#staging = toBinary(staging);
  }

  /** What is being written, for messages. */
  get place(): string | undefined {
    return this.#path === undefined ? undefined : fromBinary(this.#destOf(this.#path));
  }

  /** Writes a file system into the staging folder, and checks that it can be moved. */
  async stage(system: Iterable<Change>): Promise<void> {
    const firstNames = new Map<object, string>();
    for (const change of system) {
      const { path, node } = change;
      this.#path = path;
      if (node.extra?.xattrs !== undefined) this.attributed++;
      if (isDirectory(node)) this.#stageDirectory(change);
      else if (isFile(node) || isSymlink(node)) await this.#stageLeaf(path, node, firstNames);
      else this.special++;
      if (++this.#sinceBreak >= ENTRIES) await this.#break();
    }
  }

  /** Moves everything to its place. It ignores signals. */
  move(): void {
    for (this.#path of this.#merged) makeWritable(this.#destOf(this.#path));
    for (const path of this.#moves) {
      this.#path = path;
      const place = this.#destOf(path);
      if (isDirectoryPath(place)) fs.rmdirSync(native(place));
      else if (isDirectoryPath(this.#stagedOf(path))) fs.rmSync(native(place), { force: true });
      fs.renameSync(native(this.#stagedOf(path)), native(place));
    }
    // All files are in place: directories can become read-only, and their times no longer change.
    for (const change of this.#directories.reverse()) {
      this.#path = change.path;
      const place = native(this.#destOf(change.path));
      fs.chmodSync(place, change.node.mode & 0o7777);
      const time = this.#time(change);
      fs.utimesSync(place, time, time);
    }
  }

  /** Lets other events run, such as a signal. */
  async #break(): Promise<void> {
    this.#sinceBreak = 0;
    await setImmediate();
    this.options.signal.throwIfAborted();
  }

  #stageDirectory(change: Change): void {
    const { path } = change;
    this.#directories.push(change);
    if (this.#isMergedInto(path)) {
      const place = this.#destOf(path);
      const present = lstat(place);
      if (present?.isDirectory() !== true) this.#moves.push(path);
      else {
        this.#merged.add(path);
        // Its content has to be readable to be checked.
        if ((present.mode & 0o500) !== 0o500) makeWritable(place);
      }
    }
    fs.mkdirSync(native(this.#stagedOf(path)), 0o700);
  }

  async #stageLeaf(path: string, node: Leaf, firstNames: Map<object, string>): Promise<void> {
    if (this.#isMergedInto(path)) {
      const place = this.#destOf(path);
      if (isDirectoryPath(place) && fs.readdirSync(native(place)).length > 0) {
        const message = `writing ${printable(fromBinary(place))}: a folder with something in it is there`;
        const hint = 'remove it, or name another folder with dest=';
        throw new DockerceptionError('output', 'OUTPUT_FAILED', message, { hint });
      }
      this.#moves.push(path);
    }
    const links = node.extra?.links;
    const staged = this.#stagedOf(path);
    const first = links && firstNames.get(links);
    if (first !== undefined) return fs.linkSync(native(first), native(staged));
    if (links !== undefined) firstNames.set(links, staged);
    if (!isSymlink(node)) return this.#file(staged, node);
    fs.symlinkSync(native(node.extra?.target ?? ''), native(staged));
    const time = this.#time(node);
    fs.lutimesSync(native(staged), time, time);
  }

  async #file(path: string, node: Leaf): Promise<void> {
    const descriptor = fs.openSync(native(path), 'wx', 0o600);
    try {
      await this.#content(descriptor, node);
      fs.fchmodSync(descriptor, node.mode & 0o7777);
      const time = this.#time(node);
      fs.futimesSync(descriptor, time, time);
    } finally {
      fs.closeSync(descriptor);
    }
  }

  async #content(descriptor: number, node: Leaf): Promise<void> {
    let position = 0;
    for (const [offset, length] of segments(node)) {
      for (let from = 0; offset >= 0 && from < length;) {
        const step = Math.min(length - from, CHUNK);
        this.options.spool.read(this.#chunk, 0, offset + from, step);
        for (let at = 0; at < step;)
          at += fs.writeSync(descriptor, this.#chunk, at, step - at, position + from + at);
        from += step;
        if (step === CHUNK) await this.#break();
      }
      position += length;
    }
    // A hole at the end was not written.
    if (node.extra?.pieces !== undefined) fs.ftruncateSync(descriptor, node.size);
  }

  #time({ mtime }: Pick<Change, 'mtime'>): number {
    return mtime === NO_TIME ? this.options.time : mtime;
  }

  /** Whether the parent directory of a path exists in `dest`. */
  #isMergedInto(path: string): boolean {
    return this.#merged.has(path.slice(0, Math.max(path.lastIndexOf('/'), 0)));
  }

  #destOf(path: string): string {
    return `${this.#dest}/${path}`;
  }

  #stagedOf(path: string): string {
    return `${this.#staging}/${path}`;
  }
}

/** An earlier run may have made it read-only, with the mode in the image. */
function makeWritable(path: string): void {
  const mode = lstat(path)?.mode ?? 0o700;
  if ((mode & 0o700) !== 0o700) fs.chmodSync(native(path), (mode & 0o7777) | 0o700);
}

function isDirectoryPath(path: string): boolean {
  return lstat(path)?.isDirectory() === true;
}

function lstat(path: string): fs.Stats | undefined {
  return fs.lstatSync(native(path), { throwIfNoEntry: false });
}

/** A path in the bytes of the system. */
function native(path: string): string | Buffer {
  const text = fromBinary(path);
  return text === path ? path : Buffer.from(path, 'latin1');
}
