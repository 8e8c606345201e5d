/** Adds the plain files of a tar to a tree, packed: no object and no string for each. */
import * as block from '../tar/block.js';
import { octal, type Owner, type PlainFiles } from '../tar/plain-entries.js';
import { Children } from './children.js';
import type { ContentSink } from './content-sink.js';
import { type Directory, FILE } from './node.js';
import { PackedFiles } from './packed-files.js';

/** Bytes of a packed file: others are too few to matter. */
const MAX_SIZE = 64 << 10;
/** Folders that are remembered. */
const MAX_FOLDERS = 4096;
const SLASH = 0x2f;
/** `.wh.`: such names may delete, or be refused. */
const WHITEOUT = 0x2e77682e;

export class PlainPacker implements PlainFiles {
  readonly maxSize = MAX_SIZE;
  /** The newest mtime so far; -Infinity without files. */
  newest = -Infinity;
  readonly #files = new PackedFiles();
  /** Mutable directories by their names in the tar. */
  readonly #folders = new Map<string, Directory>();
  /** The directory of the last file. */
  #folder: Directory | undefined;
  readonly #name = Buffer.alloc(block.NAME.length);
  #nameLength = 0;

  /**
   * @param enter returns the mutable directory with this name; may throw
   * @param replaced called when a file has replaced a directory or a link
   */
  constructor(
    private readonly contents: ContentSink,
    private readonly enter: (name: string) => Directory,
    private readonly replaced: () => void,
  ) {}

  /** Forgets all directories, of which some are no longer mutable, or in their places. */
  forget(): void {
    this.#folder = undefined;
    this.#folders.clear();
  }

  file(header: Buffer, at: number, nameAt: number, size: number, owner: Owner): boolean {
    const limit = at + block.NAME.length;
    let end = nameAt;
    let slash = nameAt;
    for (; end < limit && header[end] !== 0; end++) if (header[end] === SLASH) slash = end;
    if (header.readUInt32BE(slash + 1) === WHITEOUT) return false;
    const mode = FILE | (octal(header, at, block.MODE) & 0o7777);
    const attributes = this.#files.numberOf(mode, owner.uid, owner.gid);
    const children = this.#enter(header, nameAt, slash);
    if (attributes < 0 || !(children instanceof Children)) return false;
    const file = children.pack(this.#files, header, slash + 1, end, this.replaced);
    const mtime = octal(header, at, block.MTIME);
    if (mtime > this.newest) this.newest = mtime;
    const offset = this.contents.begin(size, '', mode & 0o7777);
    this.#files.set(file, attributes, mtime, size, offset);
    return true;
  }

  body(bytes: Buffer): void {
    this.contents.append(bytes);
  }

  /** Undefined if the directory can't be entered: the general path reports why. */
  #enter(header: Buffer, from: number, to: number): Map<string, unknown> | undefined {
    if (this.#folder === undefined || !this.#isLast(header, from, to)) {
      const name = header.toString('latin1', from, to);
      let folder = this.#folders.get(name);
      if (folder === undefined) {
        try {
          folder = this.enter(name);
        } catch {
          return undefined;
        }
        if (this.#folders.size === MAX_FOLDERS) this.#folders.clear();
        this.#folders.set(name, folder);
      }
      this.#folder = folder;
      this.#nameLength = header.copy(this.#name, 0, from, to);
    }
    return this.#folder.children;
  }

  #isLast(header: Buffer, from: number, to: number): boolean {
    if (to - from !== this.#nameLength) return false;
    for (let i = from; i < to; i++) if (header[i] !== this.#name[i - from]) return false;
    return true;
  }
}
