/**
 * An entry of a layer, kept for later: layers may come before anybody knows their order, and only an
 * order tells what a whiteout takes away. What an unpacker reads of an entry is here and no more.
 */
import type { UnpackedEntry } from '../../filesystem/unpacked-entry.js';
import type { DeviceNumbers, EntryType } from '../../tar/block.js';
import type { EntryHeader } from '../../tar/entry-header.js';

export class RecordedEntry implements UnpackedEntry {
  readonly type: EntryType;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly mtime: number;
  readonly contentSize: number;
  readonly device: DeviceNumbers | undefined;
  readonly xattrs: ReadonlyMap<string, Buffer> | undefined;
  /** Nobody reads the content again. */
  readonly isSparse = false;
  readonly #linkpath: string;

  /**
   * @param path clean and binary: a binary string takes a quarter of a buffer's memory
   * @param content of a file: its index among the layer's contents; -1 for anything else
   */
  constructor(
    entry: EntryHeader,
    readonly path: string,
    readonly content: number,
  ) {
    this.type = entry.type;
    this.uid = entry.uid;
    this.gid = entry.gid;
    this.mode = entry.mode;
    this.mtime = Math.floor(entry.mtime);
    this.contentSize = entry.contentSize;
    this.device = entry.device;
    this.xattrs = entry.xattrs;
    this.#linkpath = entry.linkpathBytes.toString('latin1');
  }

  /** Bytes of all that has no end: names, attributes. */
  get bytes(): number {
    let bytes = this.path.length + this.#linkpath.length;
    for (const [name, value] of this.xattrs ?? []) bytes += name.length + value.length;
    return bytes;
  }

  get pathBytes(): Buffer {
    return Buffer.from(this.path, 'latin1');
  }

  get linkpathBytes(): Buffer {
    return Buffer.from(this.#linkpath, 'latin1');
  }
}
