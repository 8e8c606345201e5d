/**
 * The changes between two file systems in the order of a layer: directories before their entries, names by their bytes.
 * Nothing is deleted: only RUN could. Directories on the path of a change are included, since engines would create them
 * with another owner and mode (moby, graphdriver's untar).
 */
import { Children, type PackedRun } from './children.js';
import { type Directory, isDirectory, NO_TIME, type Node, sameAttributes } from './node.js';

/** An entry of a layer. */
export interface Change {
  /** Binary, without a trailing slash. */
  readonly path: string;
  readonly node: Node;
  /** Seconds since 1970. NO_TIME for a file without a time, and for a directory without dated entries. */
  readonly mtime: number;
}

interface Undated extends Change {
  mtime: number;
}

/** Entries of a layer: one, or files of one directory. */
export type Changes = Change | PackedRun;

export function isRun(changes: Changes): changes is PackedRun {
  return 'numbers' in changes;
}

/** A directory that is being visited. */
interface Open {
  /** Its path with a trailing slash; empty for the root. */
  readonly prefix: string;
  readonly before: Directory | undefined;
  readonly after: Directory;
  readonly names: readonly string[];
  next: number;
  /** Its packed files, and how many of them were yielded. */
  readonly run: PackedRun | undefined;
  yielded: number;
  /** Its own change, until it was yielded. */
  readonly change: Change | undefined;
}

/**
 * Compares by reference: unchanged nodes are shared. The result depends on the changed entries alone: a directory
 * without a time of its own, or one that is listed because of its entries, gets the time of the first dated entry in
 * it. Later files never change a yielded time.
 */
export function* changes(before: Directory | undefined, after: Directory): Generator<Change> {
  for (const change of packedChanges(before, after))
    if (isRun(change)) yield* unpacked(change);
    else yield change;
}

function* unpacked({ prefix, files, numbers }: PackedRun): Generator<Change> {
  for (const file of numbers) {
    const node = files.leafOf(file);
    yield { path: prefix + files.nameOf(file), node, mtime: node.mtime };
  }
}

/** The same, with packed files in runs. */
export function* packedChanges(
  before: Directory | undefined,
  after: Directory,
): Generator<Changes> {
  /** Directories without a time, and the undated entries that follow them. */
  let waiting: Undated[] = [];
  for (const change of undatedChanges(before, after)) {
    const isPacked = isRun(change);
    if (!isPacked && change.mtime === NO_TIME)
      if (waiting.length > 0 || isDirectory(change.node)) {
        waiting.push(change);
        continue;
      }
    const mtime = isPacked ? firstTime(change) : change.mtime;
    if (waiting.length > 0 && mtime !== NO_TIME) {
      const path = isPacked ? change.prefix : change.path;
      for (const above of waiting)
        if (isDirectory(above.node) && path.startsWith(`${above.path}/`)) above.mtime = mtime;
      yield* waiting;
      waiting = [];
    }
    yield change;
  }
  yield* waiting;
}

function firstTime({ files, numbers }: PackedRun): number {
  return files.mtimeOf(numbers[0] as number);
}

function* undatedChanges(
  before: Directory | undefined,
  after: Directory,
): Generator<Undated | PackedRun> {
  /** Parent directories that are yielded with their first entry. */
  const waiting: Undated[] = [];
  const open = [enter('', before, after, undefined)];
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const name = here.names[here.next++];
    const files = filesBefore(name, here);
    if (files !== undefined) {
      yield* waiting.splice(0);
      yield files;
    }
    if (name === undefined) {
      if (here.change !== undefined && waiting.at(-1) === here.change) waiting.pop();
      open.pop();
      continue;
    }
    const node = here.after.children.get(name) as Node;
    const old = here.before?.children.get(name);
    if (node === old) continue;
    const oldDirectory = isDirectory(old) ? old : undefined;
    const isInherited = isDirectory(node) && oldDirectory !== undefined && node.inherited;
    const change = { path: here.prefix + name, node, mtime: isInherited ? NO_TIME : node.mtime };
    waiting.push(change);
    if (!isDirectory(node)) yield* waiting.splice(0);
    else {
      if (oldDirectory === undefined || !sameAttributes(node, oldDirectory))
        yield* waiting.splice(0);
      open.push(enter(`${change.path}/`, oldDirectory, node, change));
    }
  }
}

function enter(
  prefix: string,
  before: Directory | undefined,
  after: Directory,
  change: Change | undefined,
): Open {
  const { children } = after;
  const isPacked = children instanceof Children;
  const names = [...(isPacked ? children.unpackedNames() : children.keys())].sort();
  const run = isPacked ? children.packedRun(prefix) : undefined;
  return { prefix, before, after, names, next: 0, run, yielded: 0, change };
}

/** The next packed files, up to this name; undefined if there are none. */
function filesBefore(name: string | undefined, here: Open): PackedRun | undefined {
  const { run, yielded } = here;
  if (run === undefined || yielded === run.numbers.length) return undefined;
  const { prefix, files, numbers } = run;
  here.yielded = name === undefined ? numbers.length : files.position(numbers, name);
  if (here.yielded === yielded) return undefined;
  return { prefix, files, numbers: numbers.subarray(yielded, here.yielded) };
}
