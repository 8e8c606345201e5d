/**
 * Nodes of a file system. They are immutable in a frozen tree, and trees share them. Names, link targets and attributes
 * are binary strings, one character for each byte, since names need not be UTF-8.
 */

/** The bits of the type in `st_mode`. */
export const TYPE_BITS = 0o170000;
export const DIRECTORY = 0o040000;
export const FILE = 0o100000;
export const SYMLINK = 0o120000;
export const CHAR_DEVICE = 0o020000;
export const BLOCK_DEVICE = 0o060000;
export const FIFO = 0o010000;

/** No time: it becomes the time of the image. */
export const NO_TIME = -0x80000000;

/** Rare attributes. */
export interface Extra {
  /** The target of a symbolic link. */
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** By name. */
  readonly xattrs?: ReadonlyMap<string, Buffer>;
  /** The same object for all names of a file. */
  readonly links?: object;
  /** Offset and length of each stored piece of a sparse file, in pairs. */
  readonly pieces?: readonly number[];
}

/** Attributes of all nodes. */
export interface Attributes {
  /** With the bits of the type. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Whole seconds since 1970, or NO_TIME. */
  readonly mtime: number;
  readonly extra: Extra | undefined;
}

/** Anything but a directory. */
export class Leaf implements Attributes {
  constructor(
    readonly mode: number,
    readonly uid: number,
    readonly gid: number,
    readonly mtime: number,
    /** Bytes of content, holes included. */
    readonly size: number,
    /** Identifies the content in its store; negative without one. The same for all names of a file. */
    readonly offset: number,
    readonly extra: Extra | undefined,
  ) {}
}

/** A directory, which only the tree of `owner` may change. */
export class Directory implements Attributes {
  constructor(
    public mode: number,
    public uid: number,
    public gid: number,
    public mtime: number,
    public extra: Extra | undefined,
    readonly children: Map<string, Node>,
    readonly owner: object,
    /** Whether it was copied to change its entries, with the same attributes. */
    public inherited = false,
  ) {}
}

export type Node = Leaf | Directory;

export function isDirectory(node: Node | undefined): node is Directory {
  return node instanceof Directory;
}

export function isSymlink(node: Node | undefined): node is Leaf {
  return node !== undefined && (node.mode & TYPE_BITS) === SYMLINK;
}

export function isFile(node: Node | undefined): node is Leaf {
  return node !== undefined && (node.mode & TYPE_BITS) === FILE;
}

/** Merges extended attributes: a later entry replaces single ones and removes none. */
export function extraOver(present: Extra | undefined, added: Extra | undefined): Extra | undefined {
  if (added === undefined) return present;
  if (present?.xattrs === undefined) return added;
  return { ...added, xattrs: new Map([...present.xattrs, ...(added.xattrs ?? [])]) };
}

const ATTRIBUTES = ['mode', 'uid', 'gid', 'mtime', 'extra'] as const;

export function sameAttributes(a: Attributes, b: Attributes): boolean {
  return ATTRIBUTES.every((name) => a[name] === b[name]);
}
