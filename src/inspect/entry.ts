/**
 * One name in a file system that was looked into, with what there is to know about it. Plain data:
 * displays, findings, limits and comparisons read this and nothing else.
 */
import { followIn } from '../filesystem/follow.js';
import type { Content } from './probe/content.js';

export type EntryKind = 'file' | 'directory' | 'symlink' | 'char-device' | 'block-device' | 'fifo';

/** A directory, a file, or anything else that has a name. */
export interface Entry {
  /** The last component; empty for the root. Bytes that aren't UTF-8 are `\\xff`. May hold control characters. */
  readonly name: string;
  /** Absolute: `/usr/bin/app`; the root is `/`. */
  readonly path: string;
  readonly kind: EntryKind;
  /** The twelve bits of chmod(1): permissions, setuid, setgid, sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970. */
  readonly mtime: number;
  /** Bytes of a file's content, holes included; 0 for anything else. */
  readonly size: number;
  /** Which layer it is from: an index into {@link Inspection.layers}. */
  readonly layer: number;
  /** Of a symbolic link, as it is written. */
  readonly target?: string;
  /** The same object for all names of one file; undefined where it has one name. */
  readonly links?: object;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Extended attributes by name: `security.capability`. */
  readonly xattrs?: ReadonlyMap<string, Buffer>;
  /** Of a file that was looked into. */
  readonly content?: Content;
  readonly parent: Entry | undefined;
  /** Of a directory: by name, sorted by their bytes. */
  readonly children?: ReadonlyMap<string, Entry>;
  /** Bytes of the files at and below it; one with several names counts where its first name is. */
  readonly total: number;
  /** Files at and below it, every name counted. */
  readonly files: number;
}

/** Every entry at and below one, directories in front of what they hold. No recursion: trees are deep. */
export function* walk(entry: Entry): Generator<Entry> {
  const stack = [entry];
  for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
    yield here;
    pushChildren(stack, here);
  }
}

/** Behind each other on the stack, so that the first comes off first; a folder may have a million. */
function pushChildren(stack: Entry[], { children }: Entry): void {
  if (children === undefined) return;
  const all = [...children.values()];
  for (let at = all.length - 1; at >= 0; at--) stack.push(all[at] as Entry);
}

/**
 * What is at a path, symbolic links followed inside the root as a process confined to it would see
 * them; undefined where nothing is, or where links go round in a circle.
 * @param followLast whether a link at the end is followed, too
 */
export function find(root: Entry, path: string, followLast = true): Entry | undefined {
  return followIn<Entry>(path, {
    top: [root],
    followLast,
    targetOf: ({ kind, target = '' }) => (kind === 'symlink' ? target : undefined),
    isDirectory: ({ kind }) => kind === 'directory',
    child: (parent, name) => parent?.children?.get(name),
  }).node;
}
