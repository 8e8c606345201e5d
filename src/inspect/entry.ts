/** The entries of an inspected file system. */
import { followIn } from '../filesystem/follow.js';
import { formatPermissions } from '../text/format.js';
import type { Content } from './probe/content.js';

export type EntryKind = 'file' | 'directory' | 'symlink' | 'char-device' | 'block-device' | 'fifo';

/** A name in the file system. */
export interface Entry {
  /** The last component; empty for the root. Bytes that aren't UTF-8 are `\\xff`. May contain control characters. */
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
  /** Bytes of a file's content, including holes; 0 for anything else. */
  readonly size: number;
  /** Index of its layer in {@link Inspection.layers}. */
  readonly layer: number;
  /** The text of a symbolic link. */
  readonly target?: string;
  /** The same object for all names of one file; undefined if it has one name. */
  readonly links?: object;
  readonly device?: { readonly major: number; readonly minor: number };
  /** Extended attributes by name: `security.capability`. */
  readonly xattrs?: ReadonlyMap<string, Buffer>;
  /** What is known of a file's content. */
  readonly content?: Content;
  readonly parent: Entry | undefined;
  /** The children of a directory by name, sorted by bytes. */
  readonly children?: ReadonlyMap<string, Entry>;
  /** Bytes of the files at and below it; a file with several names counts at its first name. */
  readonly total: number;
  /** Number of files at and below it; every name counts. */
  readonly files: number;
}

/** The entries at and below one, parents first. */
export function walk(entry: Entry): Generator<Entry> {
  return depthFirst(entry, childrenOf);
}

export function childrenOf({ children }: Entry): Entry[] {
  return [...(children?.values() ?? [])];
}

/**
 * An item and its descendants, parents first. Not recursive, since trees may be deep.
 * @param below the children of an item, called after it was yielded
 */
export function* depthFirst<Item>(
  top: Item,
  below: (item: Item) => readonly Item[],
): Generator<Item> {
  const stack = [top];
  for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
    yield here;
    const children = below(here);
    // One by one, since a directory may have a million children.
    for (let at = children.length - 1; at >= 0; at--) stack.push(children[at] as Item);
  }
}

/** Whether there are more than `count` items. */
export function hasMore(items: Iterator<unknown>, count: number): boolean {
  for (let left = count; left >= 0; left--) if (items.next().done === true) return false;
  return true;
}

/**
 * The entry at a path. Links are followed within the root, as after chroot(2). Undefined if there is none, or links form
 * a cycle.
 * @param followLast whether a link at the end is followed
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

const KIND_LETTERS: Readonly<Record<EntryKind, string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  'char-device': 'c',
  'block-device': 'b',
  fifo: 'p',
};

/** `drwxr-sr-t`, as ls(1) prints it. */
export function modeString(kind: EntryKind, mode: number): string {
  return KIND_LETTERS[kind] + formatPermissions(mode);
}
