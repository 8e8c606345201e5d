/** The entries of a directory. Many of its files can be packed: each becomes a node when it is first read. */
import { isDirectory, isSymlink, type Node } from './node.js';
import type { PackedFiles } from './packed-files.js';

/** Packed files of one directory in the order of a layer. */
export interface PackedRun {
  /** The path of the directory with a trailing slash. */
  readonly prefix: string;
  readonly files: PackedFiles;
  readonly numbers: Uint32Array;
}

export class Children extends Map<string, Node> {
  static of(nodes: Iterable<readonly [string, Node]>): Children {
    const children = new Children();
    for (const [name, node] of nodes) children.set(name, node);
    return children;
  }

  #files: PackedFiles | undefined;
  #folder = 0;
  #first = 0;
  #last = 0;
  /** The number of packed files. */
  #packed = 0;
  #sorted: Uint32Array | undefined;

  /**
   * Adds a packed file, and returns its number, for its attributes. It replaces what has its name.
   * @param replaced called if that was a directory or a link
   */
  pack(files: PackedFiles, buffer: Buffer, from: number, to: number, replaced: () => void): number {
    if (this.#files === undefined) {
      this.#files = files;
      this.#folder = files.newFolder();
    }
    if (super.size > 0) {
      const name = buffer.toString('latin1', from, to);
      const present = super.get(name);
      if (present !== undefined) {
        if (isDirectory(present) || isSymlink(present)) replaced();
        super.delete(name);
      }
    }
    const file = files.add(this.#folder, buffer, from, to);
    if (file > this.#last) {
      if (this.#first === 0) this.#first = file;
      else files.link(this.#last, file);
      this.#last = file;
      this.#packed++;
      this.#sorted = undefined;
    }
    return file;
  }

  /** The packed files by the bytes of their names; undefined if there are none. They stay packed. */
  packedRun(prefix: string): PackedRun | undefined {
    if (this.#files === undefined || this.#packed === 0) return undefined;
    this.#sorted ??= this.#files.sorted(this.#first, this.#packed);
    return { prefix, files: this.#files, numbers: this.#sorted };
  }

  /** The names of all others. */
  unpackedNames(): IterableIterator<string> {
    return super.keys();
  }

  override get size(): number {
    return super.size + this.#packed;
  }

  override get(name: string): Node | undefined {
    return super.get(name) ?? this.#unpack(name);
  }

  override has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  override set(name: string, node: Node): this {
    if (this.#packed > 0) this.#remove(name);
    return super.set(name, node);
  }

  override delete(name: string): boolean {
    return this.#remove(name) > 0 || super.delete(name);
  }

  override keys(): MapIterator<string> {
    this.#unpackAll();
    return super.keys();
  }

  override values(): MapIterator<Node> {
    this.#unpackAll();
    return super.values();
  }

  override entries(): MapIterator<[string, Node]> {
    this.#unpackAll();
    return super.entries();
  }

  override [Symbol.iterator](): MapIterator<[string, Node]> {
    return this.entries();
  }

  override forEach(call: (node: Node, name: string, map: Map<string, Node>) => void): void {
    this.#unpackAll();
    super.forEach(call);
  }

  /** Removes the packed file with this name. Returns its number, or 0 if no packed file has the name. */
  #remove(name: string): number {
    if (this.#packed === 0) return 0;
    const files = this.#files as PackedFiles;
    const file = files.find(this.#folder, name);
    if (file > 0) {
      files.remove(file);
      this.#packed--;
      this.#sorted = undefined;
    }
    return file;
  }

  #unpack(name: string): Node | undefined {
    const file = this.#remove(name);
    if (file === 0) return undefined;
    const leaf = (this.#files as PackedFiles).leafOf(file);
    super.set(name, leaf);
    return leaf;
  }

  #unpackAll(): void {
    if (this.#packed === 0) return;
    const files = this.#files as PackedFiles;
    for (const file of files.sorted(this.#first, this.#packed)) {
      super.set(files.nameOf(file), files.leafOf(file));
      files.remove(file);
    }
    [this.#first, this.#last, this.#packed] = [0, 0, 0];
    this.#sorted = undefined;
  }
}
