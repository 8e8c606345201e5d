/**
 * The changes between two file systems in the order of a layer: directories before their entries, names by their bytes.
 * Nothing is deleted: only RUN could. Directories on the path of a change are included, since engines would create them
 * with another owner and mode (moby, graphdriver's untar).
 */
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

/** A directory that is being visited. */
interface Open {
  /** Its path with a trailing slash; empty for the root. */
  readonly prefix: string;
  readonly before: Directory | undefined;
  readonly after: Directory;
  readonly names: readonly string[];
  next: number;
  /** Its own change, until it was yielded. */
  readonly change: Change | undefined;
}

/**
 * Compares by reference: unchanged nodes are shared. The result depends on the changed entries alone: a directory
 * without a time of its own, or one that is listed because of its entries, gets the time of the first dated entry in
 * it. Later files never change a yielded time.
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

function* undatedChanges(before: Directory | undefined, after: Directory): Generator<Undated> {
  /** Parent directories that are yielded with their first entry. */
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
