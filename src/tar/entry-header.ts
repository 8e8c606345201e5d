/** What edits and readers of contents see of an entry. */
import type { SparseMap } from './sparse-map.js';
import type { EntryType } from './typeflag.js';

/**
 * One entry's header blocks, edited in place; valid during the call only. Numbers are whole
 * (`mtime` may have a fraction), times are seconds since 1970.
 */
export interface EntryHeader {
  /** The effective name, as UTF-8. Setting it keeps the entry's other bytes. */
  path: string;
  /** The same as bytes: names need not be UTF-8. */
  pathBytes: Buffer;
  /** What a link points to; empty for anything else. */
  linkpath: string;
  linkpathBytes: Buffer;
  readonly type: EntryType;
  /**
   * The byte in the header, as a character. When it is set to a type without a body, the body of
   * the entry is left out.
   */
  typeflag: string;
  /** Whether PAX records or GNU long names stand in front of the header, or will. */
  readonly hasMetadata: boolean;
  /** Bytes of body in the archive (of a sparse file: what is stored). */
  readonly size: number;
  uid: number;
  gid: number;
  uname: string;
  gname: string;
  /** The permission bits, 07777. */
  mode: number;
  mtime: number;
  /** Deletes every record of the entry's own PAX header whose key isn't kept: one character a byte. */
  keepRecords(keeps: (key: string) => boolean): void;
  /** Passes every time stamp in every form through `change`: mtime, and atime, ctime where kept. */
  mapTimes(change: (time: number) => number): void;
}

/** A device's numbers. */
export interface DeviceNumbers {
  readonly major: number;
  readonly minor: number;
}

/** An entry whose content is wanted; valid during the call only. */
export interface ViewedEntry extends EntryHeader {
  /** Bytes of the file, holes included; 0 for what has no body. Throws as `sparse` does. */
  readonly contentSize: number;
  /** Whether parts of the content are left out of the archive: old GNU's form, or PAX 0.0 to 1.0. */
  readonly isSparse: boolean;
  /**
   * Where the parts lie that are there, as far as the headers tell; `undefined` when it isn't
   * sparse. Throws TAR_SPARSE and TAR_FIELD for a map that no file can have.
   */
  readonly sparse: SparseMap | undefined;
  /** Of a device; `undefined` for anything else. */
  readonly device: DeviceNumbers | undefined;
  /**
   * Extended attributes by name, as bytes; `undefined` when there are none. Of its own PAX header
   * alone: readers don't agree about inherited ones. Throws TAR_PAX for one that can't be decoded.
   */
  readonly xattrs: ReadonlyMap<string, Buffer> | undefined;
}
