/**
 * What a file system is made of here: nodes that never change once they are in a tree. Trees
 * share them, so that a COPY of a thousand files is one reference. Names, link targets and
 * attributes are binary strings, one character a byte: a name need not be UTF-8, and V8 keeps
 * such a string in one byte a character.
 */

/** The type's bits of a mode, as `st_mode` has them. */
export const TYPE_BITS = 0o170000;
export const DIRECTORY = 0o040000;
export const FILE = 0o100000;
export const SYMLINK = 0o120000;
export const CHAR_DEVICE = 0o020000;
export const BLOCK_DEVICE = 0o060000;
export const FIFO = 0o010000;

/** A time that nothing told: the image's own is put in its place. */
export const NO_TIME = -0x80000000;

/** What few nodes have. */
export interface Extra {
  /** What a symbolic link points to. */
  readonly target?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  /** By name. */
  readonly xattrs?: ReadonlyMap<string, Buffer>;
  /** The same object for all names of one file. */
  readonly links?: object;
  /** Of a file with holes: offset and length of each piece that is stored, in pairs. */
  readonly pieces?: readonly number[];
}

/** Who owns a node, how it may be used, since when. */
export interface Attributes {
  /** With the type's bits. */
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
    /** What finds the content again where it is kept; below 0 when it is not. The same for all names of a file. */
    readonly offset: number,
    readonly extra: Extra | undefined,
  ) {}
}

/** A directory; only the tree that `owner` names may still change it. */
export class Directory implements Attributes {
  constructor(
    public mode: number,
    public uid: number,
    public gid: number,
    public mtime: number,
    public extra: Extra | undefined,
    readonly children: Map<string, Node>,
    readonly owner: object,
    /** Whether its attributes were taken over from the tree before, so that something in it could change. */
    public inherited = false,
  ) {}
}

export type Node = Leaf | Directory;

export function isDirectory(node: Node | undefined): node is Directory {
  return node instanceof Directory;
}

export function typeOfMode(mode: number): number {
  return mode & TYPE_BITS;
}

export function isSymlink(node: Node | undefined): node is Leaf {
  return node !== undefined && typeOfMode(node.mode) === SYMLINK;
}

export function isFile(node: Node | undefined): node is Leaf {
  return node !== undefined && typeOfMode(node.mode) === FILE;
}

/**
 * What a node has besides once more is told of it: its extended attributes stay, but for those that
 * are told anew. No file system takes one away by itself.
 */
export function extraOver(present: Extra | undefined, told: Extra | undefined): Extra | undefined {
  if (told === undefined) return present;
  if (present?.xattrs === undefined) return told;
  return { ...told, xattrs: new Map([...present.xattrs, ...(told.xattrs ?? [])]) };
}

/** Whether owner, mode, time and all else that a directory has of its own are the same. */
export function sameAttributes(a: Attributes, b: Attributes): boolean {
  return (
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.mtime === b.mtime &&
    a.extra === b.extra
  );
}
