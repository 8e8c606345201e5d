/**
 * A file system in memory, changed by copy on write: `freeze` costs nothing and what it returns
 * stays as it is. Symbolic links are resolved inside the root, whatever they say, as a process
 * confined to it would see them.
 */
import { DockerceptionError } from '../errors.js';
import { fromBinary } from '../text/binary.js';
import { printable } from '../text/printable.js';
import { followIn } from './follow.js';
import {
  type Attributes,
  DIRECTORY,
  Directory,
  isDirectory,
  isSymlink,
  NO_TIME,
  type Node,
} from './node.js';

/** A path without links, as its components. */
export type Components = readonly string[];

/** The attributes that a directory gets which nothing told of. */
export interface Made {
  readonly uid: number;
  /** `undefined` is the parent's if that has the set-group-ID bit, else 0. */
  readonly gid: number | undefined;
  /** Permission bits. */
  readonly mode: number;
  /** Whether it has the set-group-ID bit if its parent does. @default false */
  readonly inheritsBit?: boolean;
}

/** As mkdir(2) creates directories for root. */
export const MADE_BY_ROOT: Made = { uid: 0, gid: undefined, mode: 0o755, inheritsBit: true };
/** As an archive's entries imply them: the mode is set after they were created. */
export const IMPLIED: Made = { uid: 0, gid: undefined, mode: 0o755 };
/** In a context or a layer: what is above has no effect. */
const PLAIN: Made = { ...IMPLIED, gid: 0 };
const SET_GROUP_ID = 0o2000;

/** How a path is followed. */
export interface ResolveOptions {
  /** @default true */
  readonly followLast?: boolean;
  /** The directory that is the root for this path and its links: it has no links. @default the tree's */
  readonly root?: Components;
  /** What becomes of `..` at the root. @default 'hold' */
  readonly climbing?: 'hold' | 'refuse';
}

export class Tree {
  #root: Directory;
  #owner: object = {};
  /** Whether a file has several names: a copy of it then needs links of its own. */
  hasLinks: boolean;

  #lost: number;

  /** Starts from what another tree is now, or with nothing. */
  constructor(base?: Tree) {
    this.#root = base?.freeze() ?? this.#make(PLAIN);
    this.hasLinks = base?.hasLinks ?? false;
    this.#lost = base === undefined ? 0 : base.#lost;
  }

  /** The `offset` of a content that isn't kept: below 0, and another one for each, so that they can be told apart. */
  newLost(): number {
    return --this.#lost;
  }

  /** The tree as it is now; nothing that comes later changes it. */
  freeze(): Directory {
    this.#owner = {};
    return this.#root;
  }

  /**
   * Follows every symbolic link on the way, the last component's too unless `followLast` is false;
   * what isn't there is taken as it is written. Throws BUILD_LINKS after 40 links; BUILD_ESCAPES
   * where a link leads out of the root and `climbing` is refused, not held back at the root.
   */
  resolve(
    path: string,
    { followLast = true, root = [], climbing = 'hold' }: ResolveOptions = {},
  ): Components {
    const { names, hasClimbed, hasTooManyLinks } = followIn<Node>(path, {
      top: [this.#root, ...root.map((_, depth) => this.at(root.slice(0, depth + 1)))],
      from: root,
      followLast,
      targetOf: (node) => (isSymlink(node) ? (node.extra?.target ?? '') : undefined),
      child: (parent, name) => (isDirectory(parent) ? parent.children.get(name) : undefined),
    });
    if (hasClimbed && climbing === 'refuse') throw escapes(path);
    if (hasTooManyLinks) throw tooManyLinks(path);
    return names;
  }

  /** What is at a path without links. */
  at(path: Components): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path) {
      if (!isDirectory(node)) return undefined;
      node = node.children.get(name);
    }
    return node;
  }

  /** What a path leads to. */
  find(path: string): Node | undefined {
    return this.at(this.resolve(path));
  }

  /**
   * The directory at a path without links, to put something into; what is missing of it is made.
   * Throws BUILD_NOT_A_DIRECTORY where something else is in the way.
   */
  directory(path: Components, made: Made = PLAIN): Directory {
    if (this.#root.owner !== this.#owner) this.#root = this.#own(this.#root);
    let here = this.#root;
    path.forEach((name, depth) => {
      const child = here.children.get(name);
      if (child !== undefined && !isDirectory(child)) throw notADirectory(path.slice(0, depth + 1));
      here = this.enter(here, name, child ?? this.#make(made, here));
    });
    return here;
  }

  /** Takes away what is at a path without links. */
  remove(path: Components): void {
    if (this.at(path) === undefined) return;
    this.directory(path.slice(0, -1)).children.delete(path.at(-1) as string);
  }

  /** The child directory of one that may be changed, itself made fit to be changed. */
  enter(parent: Directory, name: string, child: Directory): Directory {
    const own = this.#own(child);
    if (parent.children.get(name) !== own) parent.children.set(name, own);
    return own;
  }

  /** A new directory of this tree, with the attributes of another or of one that is made. */
  newDirectory(from: Attributes): Directory {
    return new Directory(
      from.mode,
      from.uid,
      from.gid,
      from.mtime,
      from.extra,
      new Map(),
      this.#owner,
    );
  }

  /** Sets attributes of a directory of this tree; what isn't given stays. */
  set(directory: Directory, attributes: Partial<Attributes>): void {
    Object.assign(directory, attributes, { inherited: false });
  }

  #make({ uid, gid, mode, inheritsBit = false }: Made, parent?: Directory): Directory {
    const inherited = (parent?.mode ?? 0) & SET_GROUP_ID;
    return this.newDirectory({
      mode: DIRECTORY | mode | (inheritsBit ? inherited : 0),
      uid,
      gid: gid ?? (inherited === 0 ? 0 : (parent?.gid ?? 0)),
      mtime: NO_TIME,
      extra: undefined,
    });
  }

  #own(directory: Directory): Directory {
    if (directory.owner === this.#owner) return directory;
    const { mode, uid, gid, mtime, extra, children } = directory;
    return new Directory(mode, uid, gid, mtime, extra, new Map(children), this.#owner, true);
  }
}

/** `/usr/bin`, for a message. */
export function display(path: Components): string {
  return `/${printable(fromBinary(path.join('/')))}`;
}

function notADirectory(path: Components): DockerceptionError {
  return new DockerceptionError(
    'build',
    'BUILD_NOT_A_DIRECTORY',
    `${display(path)} is not a directory`,
  );
}

function escapes(path: string): DockerceptionError {
  const message = `${printable(fromBinary(path))}: a symbolic link on the way leads outside`;
  return new DockerceptionError('context', 'BUILD_ESCAPES', message);
}

function tooManyLinks(path: string): DockerceptionError {
  return new DockerceptionError(
    'build',
    'BUILD_LINKS',
    `${printable(fromBinary(path))}: too many symbolic links`,
  );
}
