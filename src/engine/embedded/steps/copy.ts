/**
 * Copies files from one tree to another as BuildKit does (tonistiigi/fsutil, copy). The contents of a directory go into
 * the destination, which gets the time of the directory but keeps its own owner and mode. A file goes into an
 * existing directory, or gets the name of the destination. Links in the destination path are followed inside the
 * root; links among the sources are copied. Nodes that need no change are shared.
 */
import { DockerceptionError } from '../../../errors.js';
import {
  type Attributes,
  type Directory,
  type Extra,
  extraOver,
  isDirectory,
  isSymlink,
  Leaf,
  NO_TIME,
  type Node,
  TYPE_BITS,
} from '../../../filesystem/node.js';
import {
  type Components,
  display,
  type Made,
  MADE_BY_ROOT,
  type Tree,
} from '../../../filesystem/tree.js';
import type { ModeChange } from '../../../text/mode-changes.js';
import type { Source } from './sources.js';

/** Changes of the copied entries. */
export interface CopyChanges {
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly chmod: ModeChange | undefined;
  /** Permission bits of directories that are created for the destination. */
  readonly madeMode: number;
  /** Called with the path below the source. An excluded directory may contain paths that are not excluded. */
  readonly excluded: ((path: string) => boolean) | undefined;
}

export class Copier {
  readonly #made: Made;
  readonly #links = new Map<object, object>();

  /** @param from the tree of the sources, which must not change any more */
  constructor(
    private readonly tree: Tree,
    private readonly from: Tree,
    private readonly changes: CopyChanges,
  ) {
    if (from.hasLinks) tree.hasLinks = true;
    this.#made = { ...MADE_BY_ROOT, ...changes.owner, mode: changes.madeMode };
  }

  /** Copies one source to `dest`, binary and absolute. A trailing slash means a directory. */
  copy({ name, node }: Source, dest: string): void {
    // Hard links are not kept between two sources.
    this.#links.clear();
    const target = this.#destination(dest);
    if (isDirectory(node)) {
      const folder = this.tree.directory(target, this.#made);
      this.#merge(folder, node, '', target);
      // A root has no time: it changes when a tar of a directory is written into that directory.
      this.tree.set(folder, { mtime: name === '' ? NO_TIME : node.mtime });
      return;
    }
    const into = isDirectory(this.tree.at(target)) ? [...target, name] : target;
    const folder = this.tree.directory(into.slice(0, -1), this.#made);
    this.#putLeaf(folder, into.at(-1) as string, node, into);
  }

  /**
   * COPY --parents: copies one source below `dest` with its last `depth` parent directories, which get the attributes
   * that they have in the source tree. Exclusion uses the path below the first of them.
   */
  copyBelow({ literal, node }: Source, depth: number, dest: string): void {
    this.#links.clear();
    const below = literal.slice(Math.max(0, literal.length - 1 - depth)).join('/');
    const out = this.#isExcluded(below);
    let path = this.tree.resolve(dest);
    let folder = this.tree.directory(path, this.#made);
    if (out && !(isDirectory(node) && this.#hasIncluded(node, below))) return;
    for (let at = literal.length - depth; at < literal.length; at++) {
      const name = literal[at - 1] as string;
      path = this.tree.resolve([...path, name].join('/'));
      if (this.tree.at(path) === undefined) {
        const like = this.from.find(literal.slice(0, at).join('/')) as Directory;
        folder = this.tree.directory(path.slice(0, -1), this.#made);
        folder.children.set(path.at(-1) as string, this.tree.newDirectory(this.#attributes(like)));
      }
      folder = this.tree.directory(path);
    }
    const name = literal.at(-1);
    if (name === undefined) this.#merge(folder, node as Directory, '', path);
    else if (isDirectory(node)) this.#mergeDirectory(folder, name, node, below, path, out);
    else this.#putLeaf(folder, name, node, [...path, name]);
  }

  /** Resolves a destination, and creates its directory. */
  #destination(dest: string): Components {
    const slash = dest.lastIndexOf('/');
    const last = dest.slice(slash + 1);
    const folder = last === '' || last === '.' ? dest : dest.slice(0, slash + 1);
    this.tree.directory(this.tree.resolve(folder), this.#made);
    return this.tree.resolve(dest);
  }

  #merge(target: Directory, source: Directory, below: string, path: Components): void {
    for (const [name, node] of source.children) {
      const here = below === '' ? name : `${below}/${name}`;
      const out = this.#isExcluded(here);
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
    // An excluded directory is created only for files in it that are not excluded.
    if (out && !this.#hasIncluded(source, below)) return;
    if (isSymlink(present)) {
      // BuildKit refuses this, but bases where /bin is a link to usr/bin are common.
      const target = this.tree.resolve(path.join('/'));
      if (!isDirectory(this.tree.at(target))) throw notADirectory(path);
      this.#merge(this.tree.directory(target), source, below, target);
      return;
    }
    if (present !== undefined && !isDirectory(present)) throw notADirectory(path);
    const attributes = this.#attributes(source);
    const own = this.tree.enter(parent, name, present ?? this.tree.newDirectory(attributes));
    this.tree.set(own, { ...attributes, extra: extraOver(own.extra, attributes.extra) });
    this.#merge(own, source, below, path);
  }

  #putLeaf(folder: Directory, name: string, leaf: Leaf, path: Components): void {
    if (isDirectory(folder.children.get(name))) throw replacesDirectory(path);
    if (!this.#isChanging()) {
      folder.children.set(name, leaf);
      return;
    }
    const { mode, uid, gid, mtime, extra } = this.#attributes(leaf);
    const changed = new Leaf(mode, uid, gid, mtime, leaf.size, leaf.offset, extra);
    folder.children.set(name, changed);
  }

  #isChanging(): boolean {
    const { owner, chmod, excluded } = this.changes;
    return (
      this.from.hasLinks || owner !== undefined || chmod !== undefined || excluded !== undefined
    );
  }

  #attributes(node: Node): Attributes {
    const { owner = node, chmod } = this.changes;
    const mode =
      chmod === undefined || isSymlink(node)
        ? node.mode
        : (node.mode & TYPE_BITS) | chmod(node.mode & 0o7777, isDirectory(node));
    return { mode, uid: owner.uid, gid: owner.gid, mtime: node.mtime, extra: this.#extra(node) };
  }

  #isExcluded(path: string): boolean {
    return this.changes.excluded?.(path) === true;
  }

  #hasIncluded({ children }: Directory, below: string): boolean {
    for (const [name, node] of children) {
      const path = `${below}/${name}`;
      if (!this.#isExcluded(path) || (isDirectory(node) && this.#hasIncluded(node, path)))
        return true;
    }
    return false;
  }

  /** Hard links are kept inside one copy, and are new files for the next. */
  #extra({ extra }: Node): Extra | undefined {
    if (extra?.links === undefined) return extra;
    let links = this.#links.get(extra.links);
    if (links === undefined) this.#links.set(extra.links, (links = {}));
    return { ...extra, links };
  }
}

function notADirectory(path: Components): DockerceptionError {
  const message = `cannot copy a directory to ${display(path)}, which is none`;
  return new DockerceptionError('build', 'COPY_NOT_A_DIRECTORY', message);
}

function replacesDirectory(path: Components): DockerceptionError {
  const message = `cannot replace the directory ${display(path)} with a file`;
  return new DockerceptionError('build', 'COPY_DIRECTORY', message);
}
