/**
 * COPY, from one tree to another, as BuildKit copies (tonistiigi/fsutil, copy): a directory's
 * contents go into the destination, which gets the directory's time but keeps its own owner and
 * mode; a file goes into a directory that is there or takes the destination's name. Links on the way to the destination are followed inside the root; links
 * among what is copied are copied. What needs no change is shared, not copied.
 */
import { DockerceptionError } from '../../../errors.js';
import type { ModeChange } from '../../../tar/mode.js';
import {
  extraOver,
  isDirectory,
  isSymlink,
  Leaf,
  NO_TIME,
  TYPE_BITS,
  type Attributes,
  type Directory,
  type Extra,
  type Node,
} from '../../../filesystem/node.js';
import type { Source } from './sources.js';
import {
  display,
  MADE_BY_ROOT,
  type Components,
  type Made,
  type Tree,
} from '../../../filesystem/tree.js';

/** What becomes of entries on their way. */
export interface CopyChanges {
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly chmod: ModeChange | undefined;
  /** Permission bits of directories that are made for the destination. */
  readonly madeMode: number;
  /** By the path below the source; a directory that is left out may have kept paths below. */
  readonly excluded: ((path: string) => boolean) | undefined;
}

export class Copier {
  readonly #tree: Tree;
  readonly #from: Tree;
  readonly #changes: CopyChanges;
  readonly #made: Made;
  readonly #relink: boolean;
  readonly #links = new Map<object, object>();

  /** @param from the tree of the sources; it isn't changed any more. */
  constructor(tree: Tree, from: Tree, changes: CopyChanges) {
    this.#tree = tree;
    this.#from = from;
    this.#changes = changes;
    this.#relink = from.hasLinks;
    if (from.hasLinks) tree.hasLinks = true;
    this.#made = { ...MADE_BY_ROOT, ...changes.owner, mode: changes.madeMode };
  }

  /** Copies one source to `dest`, binary and absolute, which a slash at its end makes a directory. */
  copy({ name, node }: Source, dest: string): void {
    // Two sources that are one file come out as two.
    this.#links.clear();
    const target = this.#destination(dest);
    if (isDirectory(node)) {
      const folder = this.#tree.directory(target, this.#made);
      this.#merge(folder, node, '', target);
      // A root has no time: writing a context's tar into the folder that it is made of changes that.
      this.#tree.set(folder, { mtime: name === '' ? NO_TIME : node.mtime });
      return;
    }
    const into = isDirectory(this.#tree.at(target)) ? [...target, name] : target;
    const folder = this.#tree.directory(into.slice(0, -1), this.#made);
    this.#putLeaf(folder, into.at(-1) as string, node, into);
  }

  /**
   * Copies one source below `dest`, with the last `depth` directories that it is in
   * (COPY --parents): they are made as they are where the source is. What is excluded is told by
   * its path below the first of them.
   */
  copyBelow({ literal, node }: Source, depth: number, dest: string): void {
    this.#links.clear();
    const below = literal.slice(Math.max(0, literal.length - 1 - depth)).join('/');
    const out = this.#changes.excluded?.(below) === true;
    let path = this.#tree.resolve(dest);
    let folder = this.#tree.directory(path, this.#made);
    if (out && !(isDirectory(node) && holdsKept(node, below, this.#changes.excluded))) return;
    for (let at = literal.length - depth; at < literal.length; at++) {
      const name = literal[at - 1] as string;
      path = this.#tree.resolve([...path, name].join('/'));
      if (this.#tree.at(path) === undefined) {
        const like = this.#from.find(literal.slice(0, at).join('/')) as Directory;
        folder = this.#tree.directory(path.slice(0, -1), this.#made);
        folder.children.set(path.at(-1) as string, this.#tree.newDirectory(this.#attributes(like)));
      }
      folder = this.#tree.directory(path);
    }
    const name = literal.at(-1);
    if (name === undefined) this.#merge(folder, node as Directory, '', path);
    else if (isDirectory(node)) this.#mergeDirectory(folder, name, node, below, path, out);
    else this.#putLeaf(folder, name, node, [...path, name]);
  }

  /** Where a destination leads; the directory that it names, or is in, is made. */
  #destination(dest: string): Components {
    const slash = dest.lastIndexOf('/');
    const last = dest.slice(slash + 1);
    const folder = last === '' || last === '.' ? dest : dest.slice(0, slash + 1);
    this.#tree.directory(this.#tree.resolve(folder), this.#made);
    return this.#tree.resolve(dest);
  }

  #merge(target: Directory, source: Directory, below: string, path: Components): void {
    for (const [name, node] of source.children) {
      const here = below === '' ? name : `${below}/${name}`;
      const out = this.#changes.excluded?.(here) === true;
      if (isDirectory(node)) this.#mergeDirectory(target, name, node, here, path, out);
      else if (!out) this.#putLeaf(target, name, node, [...path, name]);
    }
  }

  #mergeDirectory(
    parent: Directory,
    name: string,
    source: Directory,
    below: string,
    above: Components,
    out: boolean,
  ): void {
    const present = parent.children.get(name);
    if (present === undefined && !this.#isChanging()) {
      parent.children.set(name, source);
      return;
    }
    const path = [...above, name];
    // What is left out may hold what isn't: it is made only for that.
    if (out && !holdsKept(source, below, this.#changes.excluded)) return;
    if (isSymlink(present)) {
      // BuildKit refuses this; a base where /bin is a link to usr/bin is no reason to fail.
      const led = this.#tree.resolve(path.join('/'));
      if (!isDirectory(this.#tree.at(led))) throw notADirectory(path);
      this.#merge(this.#tree.directory(led), source, below, led);
      return;
    }
    if (present !== undefined && !isDirectory(present)) throw notADirectory(path);
    const attributes = this.#attributes(source);
    const own = this.#tree.enter(parent, name, present ?? this.#tree.newDirectory(attributes));
    this.#tree.set(own, { ...attributes, extra: extraOver(own.extra, attributes.extra) });
    this.#merge(own, source, below, path);
  }

  #putLeaf(folder: Directory, name: string, leaf: Leaf, path: Components): void {
    if (isDirectory(folder.children.get(name))) throw replacesDirectory(path);
    folder.children.set(name, this.#isChanging() ? this.#changed(leaf) : leaf);
  }

  #isChanging(): boolean {
    const { owner, chmod, excluded } = this.#changes;
    return this.#relink || owner !== undefined || chmod !== undefined || excluded !== undefined;
  }

  #changed(leaf: Leaf): Leaf {
    const { mode, uid, gid, mtime, extra } = this.#attributes(leaf);
    return new Leaf(mode, uid, gid, mtime, leaf.size, leaf.offset, extra);
  }

  #attributes(node: Node): Attributes {
    const { owner = node, chmod } = this.#changes;
    const mode =
      chmod === undefined || isSymlink(node)
        ? node.mode
        : (node.mode & TYPE_BITS) | chmod(node.mode & 0o7777, isDirectory(node));
    return { mode, uid: owner.uid, gid: owner.gid, mtime: node.mtime, extra: this.#extra(node) };
  }

  /** Two copies of one file with two names are two files. */
  #extra({ extra }: Node): Extra | undefined {
    if (extra?.links === undefined) return extra;
    let links = this.#links.get(extra.links);
    if (links === undefined) this.#links.set(extra.links, (links = {}));
    return { ...extra, links };
  }
}

function holdsKept(
  directory: Directory,
  below: string,
  excluded: ((path: string) => boolean) | undefined,
): boolean {
  for (const [name, node] of directory.children) {
    const path = `${below}/${name}`;
    if (excluded?.(path) !== true) return true;
    if (isDirectory(node) && holdsKept(node, path, excluded)) return true;
  }
  return false;
}

function notADirectory(path: Components): DockerceptionError {
  const message = `cannot copy a directory to ${display(path)}, which is none`;
  return new DockerceptionError('build', 'COPY_NOT_A_DIRECTORY', message);
}

function replacesDirectory(path: Components): DockerceptionError {
  const message = `cannot replace the directory ${display(path)} with a file`;
  return new DockerceptionError('build', 'COPY_DIRECTORY', message);
}
