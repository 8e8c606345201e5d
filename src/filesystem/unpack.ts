/**
 * Unpacks a tar into a tree, as engines do: later entries replace earlier ones, directories are merged, and names lead
 * through symbolic links but never out of the root. In a layer, names with `.wh.` delete entries of lower layers (OCI
 * image-spec, layer.md, "Whiteouts").
 */
import { DockerceptionError } from '../errors.js';
import { isAppleXattr } from '../tar/pax.js';
import { TarWalk } from '../tar/walk.js';
import type { WalkHandler } from '../tar/walk-handler.js';
import { printable } from '../text/printable.js';
import type { ContentSink } from './content-sink.js';
import { cleanName, refuseTooDeep, refuseTooLong } from './name.js';
import {
  type Attributes,
  type Directory,
  extraOver,
  FILE,
  isDirectory,
  isFile,
  Leaf,
  type Node,
  SYMLINK,
  TYPE_BITS,
} from './node.js';
import { PlainPacker } from './pack-plain.js';
import { type Components, display, IMPLIED, Tree } from './tree.js';
import { attributesOf, refuseNotUnpackable, type UnpackedEntry } from './unpacked-entry.js';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/**
 * A file with several names. The last name determines owner and mode of all; the others are updated at the end, since
 * updating them each time would be quadratic.
 */
interface LinkedFile {
  readonly places: { readonly children: Map<string, Node>; readonly name: string }[];
  /** The node of the last name. */
  leaf: Leaf;
}

export interface UnpackOptions {
  readonly tree: Tree;
  /** Receives the contents of files. */
  readonly contents: ContentSink;
  /** The tar, for messages. */
  readonly name: string;
  /** The target directory, which keeps its attributes. @default the root, which gets those of the tar */
  readonly into?: Components;
  /** Whether the content of a file at this path is kept. @default all are */
  readonly keeps?: (path: string) => boolean;
  /** Whether to reject entries that no engine unpacks, and drop attributes of macOS. @default false */
  readonly strict?: boolean;
  /** Whether whiteouts delete, as in a layer. @default false */
  readonly whiteouts?: boolean;
  /** The owner of all entries. @default their own */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** Whether plain files are packed: `contents` doesn't get their paths. @default false */
  readonly packs?: boolean;
}

/**
 * Unpacks a tar into a tree. The end of the archive may be missing. Throws the errors of the walk, TAR_LINK for a hard
 * link to nothing, TAR_UNSAFE for a name with `..`.
 */
export async function unpack(
  tar: AsyncIterable<Buffer>,
  options: UnpackOptions,
): Promise<Unpacker> {
  const unpacker = new Unpacker(options);
  const view = new TarWalk(unpacker, options.name);
  for await (const chunk of tar) {
    view.push(chunk);
    await options.contents.ready?.();
  }
  view.end();
  unpacker.end();
  return unpacker;
}

/** Adds the entries of one tar to a tree; the caller calls `end`. */
export class Unpacker implements WalkHandler {
  readonly plainFiles: PlainPacker | undefined;
  #newest = -Infinity;
  readonly #tree: Tree;
  readonly #contents: ContentSink;
  /** The directory of the last entry, which usually is the next one's. */
  #folder: Directory | undefined;
  #folderName = '';
  #keeping = false;
  #pieces: number[] | undefined;
  #position = 0;
  /** Files with several names, by the object that their nodes share. */
  readonly #files = new Map<object, LinkedFile>();
  /** Nodes of this tar, which opaque whiteouts keep. */
  readonly #brought: Set<Node> | undefined;

  constructor(private readonly options: UnpackOptions) {
    this.#tree = options.tree;
    this.#contents = options.contents;
    this.#brought = options.whiteouts === true ? new Set() : undefined;
    const enter = (name: string): Directory => this.#enter(name);
    const forget = (): void => this.#forget();
    if (options.packs === true) this.plainFiles = new PlainPacker(options.contents, enter, forget);
  }

  /**
   * The newest mtime so far in whole seconds since 1970; -Infinity without entries. The root's is ignored: writing a tar
   * into the directory that it packs changes it.
   */
  get newest(): number {
    return Math.max(this.#newest, this.plainFiles?.newest ?? -Infinity);
  }

  entry(entry: UnpackedEntry): void {
    this.#keeping = false;
    if (this.options.strict === true) refuseNotUnpackable(entry);
    const mtime = Math.floor(entry.mtime);
    const path = entry.cleanPath ?? cleanName(entry.pathBytes);
    if (path === '') {
      if (entry.type === 'directory') this.#root(entry, mtime);
      return;
    }
    if (mtime > this.#newest) this.#newest = mtime;
    const slash = path.lastIndexOf('/');
    refuseTooLong(path);
    const folder = this.#enter(slash < 0 ? '' : path.slice(0, slash));
    const name = path.slice(slash + 1);
    if (this.#brought !== undefined && name.startsWith(WHITEOUT)) this.#remove(folder, name);
    else this.#put(folder, name, path, entry, mtime);
  }

  data(bytes: Buffer): void {
    if (!this.#keeping) return;
    this.#pieces?.push(this.#position, bytes.length);
    this.#position += bytes.length;
    this.#contents.append(bytes);
  }

  hole(length: number): void {
    this.#position += length;
    if (this.#keeping) this.#contents.hole?.(length);
  }

  /** The current state. Only while no file has several names. */
  snapshot(): Tree {
    if (this.#tree.hasLinks) throw new Error('a file has several names, and more may come');
    // The snapshot owns the entered directories now.
    this.#forget();
    return new Tree(this.#tree);
  }

  /** Updates the earlier names of files with several, except those that were replaced. */
  end(): void {
    for (const [links, { places, leaf }] of this.#files)
      for (const { children, name } of places)
        if (children.get(name)?.extra?.links === links) children.set(name, leaf);
    this.#files.clear();
  }

  #enter(name: string): Directory {
    if (this.#folder !== undefined && this.#folderName === name) return this.#folder;
    const { into, whiteouts } = this.options;
    const path = this.#resolve(name);
    refuseTooDeep(path);
    try {
      this.#folder = this.#tree.directory(path, into && IMPLIED);
    } catch (error) {
      if (into !== undefined || whiteouts === true || !(error instanceof DockerceptionError))
        throw error;
      // The context itself is at fault if a parent is not a directory.
      throw error.with({ kind: 'context' });
    }
    this.#folderName = name;
    return this.#folder;
  }

  /** Links of a layer may point anywhere; others must not lead out of the root. */
  #resolve(path: string, followLast = true): Components {
    const { into: root = [], whiteouts } = this.options;
    const climbing = whiteouts === true ? 'hold' : 'refuse';
    return this.#tree.resolve(path, { followLast, root, climbing });
  }

  #put(folder: Directory, name: string, path: string, entry: UnpackedEntry, mtime: number): void {
    const present = folder.children.get(name);
    if (present !== undefined && !isFile(present))
      if (!isDirectory(present) || entry.type !== 'directory') this.#forget();
    if (entry.type === 'directory') {
      const attributes = this.#attributes(entry, mtime);
      const directory = isDirectory(present)
        ? this.#tree.enter(folder, name, present)
        : this.#tree.newDirectory(attributes);
      // A directory of a layer replaces all extended attributes.
      const extra =
        this.#brought === undefined
          ? extraOver(directory.extra, attributes.extra)
          : attributes.extra;
      this.#tree.set(directory, { ...attributes, extra });
      folder.children.set(name, directory);
      this.#brought?.add(directory);
      return;
    }
    if (entry.type === 'hard-link') {
      this.#link(folder, name, entry, mtime);
      return;
    }
    const leaf = this.#leaf(path, entry, mtime);
    folder.children.set(name, leaf);
    this.#brought?.add(leaf);
  }

  #leaf(path: string, entry: UnpackedEntry, mtime: number): Leaf {
    const { mode, uid, gid, extra } = this.#attributes(entry, mtime);
    const isFile = (mode & FILE) === FILE;
    const keeps = this.options.keeps;
    this.#keeping = isFile && (keeps === undefined || keeps(path));
    const offset = this.#keeping
      ? this.#contents.begin(entry.contentSize, path, mode & 0o7777)
      : -1;
    this.#position = 0;
    this.#pieces = extra?.pieces as number[] | undefined;
    return new Leaf(mode, uid, gid, mtime, isFile ? entry.contentSize : 0, offset, extra);
  }

  /** Adds a name of a file, with the owner and the mode of this entry. */
  #link(folder: Directory, name: string, entry: UnpackedEntry, mtime: number): void {
    const target = this.#resolve(cleanName(entry.linkpathBytes), false);
    const found = this.#tree.at(target);
    if (found === undefined || isDirectory(found)) {
      const link = `${printable(entry.pathBytes)}: a hard link to ${display(target)}`;
      const message = `reading ${this.options.name}: ${link}, which is not there`;
      throw new DockerceptionError('context', 'TAR_LINK', message);
    }
    this.#tree.hasLinks = true;
    const links = found.extra?.links ?? {};
    const { uid, gid } = this.options.owner ?? entry;
    const type = found.mode & TYPE_BITS;
    const mode = type | (type === SYMLINK ? 0o777 : entry.mode);
    const xattrs = this.#xattrs(entry);
    const added = xattrs && extraOver(found.extra, { ...found.extra, xattrs });
    const extra = { ...(added ?? found.extra), links };
    const leaf = new Leaf(mode, uid, gid, mtime, found.size, found.offset, extra);
    this.#brought?.add(leaf);
    const file = this.#files.get(links) ?? { places: [], leaf };
    if (file.places.length === 0) {
      const { children } = this.#tree.directory(target.slice(0, -1));
      const first = { children, name: target.at(-1) as string };
      this.#files.set(links, file);
      file.places.push(first);
      children.set(first.name, leaf);
    }
    file.places.push({ children: folder.children, name });
    file.leaf = leaf;
    folder.children.set(name, leaf);
  }

  #root(entry: UnpackedEntry, mtime: number): void {
    if (this.options.into !== undefined) return;
    this.#tree.set(this.#tree.directory([]), this.#attributes(entry, mtime));
  }

  #remove(folder: Directory, name: string): void {
    if (name === OPAQUE) this.#keepBrought(folder);
    else if (!name.startsWith(`${WHITEOUT}${WHITEOUT}`)) {
      const child = name.slice(WHITEOUT.length);
      const node = folder.children.get(child);
      if (node !== undefined && this.#brought?.has(node) !== true) folder.children.delete(child);
    }
    this.#forget();
  }

  /** Directories may have been replaced, or links to them. */
  #forget(): void {
    this.#folder = undefined;
    this.plainFiles?.forget();
  }

  /** Removes all nodes of lower layers, at any depth. */
  #keepBrought(folder: Directory): void {
    const open = [folder];
    for (let here = open.pop(); here !== undefined; here = open.pop())
      for (const [child, node] of here.children)
        if (this.#brought?.has(node) !== true) here.children.delete(child);
        else if (isDirectory(node)) open.push(node);
  }

  #attributes(entry: UnpackedEntry, mtime: number): Attributes {
    return attributesOf(entry, this.options.owner ?? entry, mtime, this.#xattrs(entry));
  }

  /** Linux has no attributes of macOS, and engines drop them. */
  #xattrs({ xattrs }: UnpackedEntry): ReadonlyMap<string, Buffer> | undefined {
    if (xattrs === undefined || this.options.strict !== true) return xattrs;
    const kept = [...xattrs].filter(([name]) => !isAppleXattr(name));
    return kept.length > 0 ? new Map(kept) : undefined;
  }
}
