/**
 * What one file system has that another hasn't, in the one order that a layer keeps: a directory in
 * front of what it holds, names by their bytes. Nothing is ever taken away: no instruction but RUN
 * deletes. Directories on the way to a change are told too: an engine that unpacks a layer without
 * them makes them anew, and their owner and mode would be lost (moby, graphdriver's untar).
 */
import { type Directory, isDirectory, NO_TIME, type Node, sameAttributes } from './node.js';

/** One path of a layer. */
export interface Change {
  /** Binary, without a slash at its end. */
  readonly path: string;
  readonly node: Node;
  /** Seconds since 1970. NO_TIME for a file without a time, and for a directory with nothing dated in it. */
  readonly mtime: number;
}

interface Undated extends Change {
  mtime: number;
}

/** A directory whose entries are being told. */
interface Open {
  /** Its path with a slash at the end; empty for the root. */
  readonly prefix: string;
  readonly before: Directory | undefined;
  readonly after: Directory;
  readonly names: readonly string[];
  next: number;
  /** Its own, while nothing below it made it worth telling. */
  readonly change: Change | undefined;
}

/**
 * Compares by reference: what wasn't touched is shared. The result depends on the changed entries alone: a directory
 * that has no time of its own, or that is listed only because of what changed inside it, gets the time of the
 * first dated entry below it. A later file never changes a time that was yielded before.
 */
export function* changes(before: Directory | undefined, after: Directory): Generator<Change> {
  /** Directories without a time, and the undated entries that follow them. */
  let waiting: Undated[] = [];
  for (const change of undatedChanges(before, after)) {
    if (change.mtime === NO_TIME && (waiting.length > 0 || isDirectory(change.node))) {
      waiting.push(change);
      continue;
    }
    if (waiting.length > 0 && change.mtime !== NO_TIME) {
      for (const above of waiting)
        if (isDirectory(above.node) && change.path.startsWith(`${above.path}/`))
          above.mtime = change.mtime;
      yield* waiting;
      waiting = [];
    }
    yield change;
  }
  yield* waiting;
}

/** As deep as a tree may be: no recursion. */
function* undatedChanges(before: Directory | undefined, after: Directory): Generator<Undated> {
  /** Directories above, told once something below them is. */
  const waiting: Undated[] = [];
  const open = [enter('', before, after, undefined)];
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const name = here.names[here.next++];
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
  return { prefix, before, after, names: [...after.children.keys()].sort(), next: 0, change };
}
