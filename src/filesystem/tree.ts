/**
 * A file system in memory with copy on write: `freeze` is free, and its result never changes. Symbolic links are
 * followed inside the root.
 */
import { DockerceptionError } from '../errors.js';
import { fromBinary } from '../text/binary.js';
import { printable } from '../text/printable.js';
import { Children } from './children.js';
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

/** The attributes of an implied directory. */
export interface Made {
  readonly uid: number;
  /** `undefined`: the parent's if it has the set-group-ID bit, else 0. */
  readonly gid: number | undefined;
  /** Permission bits. */
  readonly mode: number;
  /** Whether it inherits the set-group-ID bit. @default false */
  readonly inheritsBit?: boolean;
}

/** As in mkdir(2) by root. */
export const MADE_BY_ROOT: Made = { uid: 0, gid: undefined, mode: 0o755, inheritsBit: true };
/** For entries of an archive: the mode is set after the creation. */
export const IMPLIED: Made = { uid: 0, gid: undefined, mode: 0o755 };
/** In a context or a layer: the parent has no effect. */
const PLAIN: Made = { ...IMPLIED, gid: 0 };
const SET_GROUP_ID = 0o2000;

/** How a path is followed: inside `root`, a directory without links. `climbing` is the effect of `..` there. */
interface ResolveOptions {
  readonly followLast?: boolean;
  readonly root?: Components;
  readonly climbing?: 'hold' | 'refuse';
}

export class Tree {
  #root: Directory;
  #owner: object = {};
  /** Whether files have several names, so that copies need links of their own. */
  hasLinks: boolean;

  /** Starts with the current state of another tree, or empty. */
  constructor(base?: Tree) {
    this.#root = base?.freeze() ?? this.#make(PLAIN);
    this.hasLinks = base?.hasLinks ?? false;
  }

  /** The current state, which never changes. */
  freeze(): Directory {
    this.#owner = {};
    return this.#root;
  }

  /**
   * Follows the symbolic links of a path; missing names are kept. Throws BUILD_LINKS after 40 links; BUILD_ESCAPES if a
   * link leads out of the root and `climbing` is `refuse`.
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
    const isOutside = hasClimbed && climbing === 'refuse';
    if (!isOutside && !hasTooManyLinks) return names;
    const shown = printable(fromBinary(path));
    if (!isOutside)
      throw new DockerceptionError('build', 'BUILD_LINKS', `${shown}: too many symbolic links`);
    const message = `${shown}: a symbolic link on the way leads outside`;
    throw new DockerceptionError('context', 'BUILD_ESCAPES', message);
  }

  /** The node at a path without links. */
  at(path: Components): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of path) {
      if (!isDirectory(node)) return undefined;
      node = node.children.get(name);
    }
    return node;
  }

  /** The node at a path. */
  find(path: string): Node | undefined {
    return this.at(this.resolve(path));
  }

  /** The mutable directory at a path without links; missing ones are created. Throws BUILD_NOT_A_DIRECTORY. */
  directory(path: Components, made: Made = PLAIN): Directory {
    if (this.#root.owner !== this.#owner) this.#root = this.#own(this.#root);
    let here = this.#root;
    path.forEach((name, depth) => {
      const child = here.children.get(name);
      if (child !== undefined && !isDirectory(child)) {
        const message = `${display(path.slice(0, depth + 1))} is not a directory`;
        throw new DockerceptionError('build', 'BUILD_NOT_A_DIRECTORY', message);
      }
      here = this.enter(here, name, child ?? this.#make(made, here));
    });
    return here;
  }

  /** Removes the node at a path without links. */
  remove(path: Components): void {
    if (this.at(path) === undefined) return;
    this.directory(path.slice(0, -1)).children.delete(path.at(-1) as string);
  }

  /** Makes a child of a mutable directory mutable. */
  enter(parent: Directory, name: string, child: Directory): Directory {
    const own = this.#own(child);
    if (parent.children.get(name) !== own) parent.children.set(name, own);
    return own;
  }

  /** A new directory with these attributes. */
  newDirectory({ mode, uid, gid, mtime, extra }: Attributes): Directory {
    return new Directory(mode, uid, gid, mtime, extra, new Children(), this.#owner);
  }

  /** Changes attributes of a mutable directory. */
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
    const own = Children.of(children);
    return new Directory(mode, uid, gid, mtime, extra, own, this.#owner, true);
  }
}

/** `/usr/bin`, for a message. */
export function display(path: Components): string {
  return `/${printable(fromBinary(path.join('/')))}`;
}
