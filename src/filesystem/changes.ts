/**
 * What one file system has that another hasn't, in the one order that a layer keeps: a directory in
 * front of what it holds, names by their bytes. Nothing is ever taken away: no instruction but RUN
 * deletes. Directories on the way to a change are told too: an engine that unpacks a layer without
 * them makes them anew, and their owner and mode would be lost (moby, graphdriver's untar).
 */
import { isDirectory, sameAttributes, type Directory, type Node } from './node.js';

/** One path of a layer. */
export interface Change {
  /** Binary, without a slash at its end. */
  readonly path: string;
  readonly node: Node;
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

/** Compares by reference: what wasn't touched is shared. As deep as a tree may be: no recursion. */
export function* changes(before: Directory | undefined, after: Directory): Generator<Change> {
  /** Directories above, told once something below them is. */
  const waiting: Change[] = [];
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
    const change = { path: here.prefix + name, node };
    const oldDirectory = isDirectory(old) ? old : undefined;
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
