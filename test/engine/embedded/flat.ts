/** Small file systems for tests of what writes them. */
import type { Spool } from '../../../src/engine/embedded/spool/spool.js';
import {
  DIRECTORY,
  Directory,
  type Extra,
  FILE,
  Leaf,
  type Node,
} from '../../../src/filesystem/node.js';

/** A file whose content goes into the spool. */
export function file(
  spool: Spool,
  content: string | Buffer,
  {
    mode = 0o644,
    mtime = 1000,
    size,
    extra,
  }: { mode?: number; mtime?: number; size?: number; extra?: Extra } = {},
): Leaf {
  const bytes = Buffer.from(content);
  const offset = spool.begin(bytes.length);
  spool.append(bytes);
  return new Leaf(FILE | mode, 7, 8, mtime, size ?? bytes.length, offset, extra);
}

/** Anything without a content: its type's bits are in the mode. */
export function special(mode: number, extra?: Extra): Leaf {
  return new Leaf(mode, 7, 8, 1000, 0, -1, extra);
}

export function folder(children: Readonly<Record<string, Node>>, mode = 0o755): Directory {
  const map = new Map(Object.entries(children));
  return new Directory(DIRECTORY | mode, 7, 8, 2000, undefined, map, {});
}
