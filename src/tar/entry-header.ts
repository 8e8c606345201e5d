/** The view of one entry for edits and for readers of contents. */
import type { DeviceNumbers, EntryType } from './block.js';
import type { SparseMap } from './sparse-map.js';

/**
 * One entry's header blocks, edited in place; valid during the call only. Numbers are integers (`mtime` may have a
 * fraction), times are seconds since 1970. A setter changes every form of the value, so that all readers agree.
 */
export interface EntryHeader {
  /** The effective name, as UTF-8. */
  path: string;
  /** The same as bytes: names need not be UTF-8. */
  pathBytes: Buffer;
  /** The target of a link; empty for other types. */
  linkpath: string;
  linkpathBytes: Buffer;
  readonly type: EntryType;
  /** The byte in the header, as a character. Setting a type without a body removes the body. */
  typeflag: string;
  /** Whether PAX records or GNU long names precede the header, or will. */
  readonly hasMetadata: boolean;
  /** Bytes of the body in the archive; for a sparse file, of the stored parts. */
  readonly size: number;
  uid: number;
  gid: number;
  uname: string;
  gname: string;
  /** The permission bits, 07777. */
  mode: number;
  mtime: number;
  /** Bytes of the file, including holes; 0 for types without a body. Throws as `sparse` does. */
  readonly contentSize: number;
  /** Whether the archive omits holes: in old GNU's form, or PAX 0.0 to 1.0. */
  readonly isSparse: boolean;
  /**
   * The stored parts, as far as the headers list them; `undefined` for a file that isn't sparse.
   * Throws TAR_SPARSE and TAR_FIELD for an invalid map.
   */
  readonly sparse: SparseMap | undefined;
  /** Of a device; `undefined` for other types. */
  readonly device: DeviceNumbers | undefined;
  /**
   * Extended attributes by name; `undefined` if there are none. Only of the entry's own PAX header: readers disagree
   * about inherited ones.
   */
  readonly xattrs: ReadonlyMap<string, Buffer> | undefined;
  /** Deletes every record of the entry's own PAX header whose key, a binary string, isn't kept. */
  keepRecords(keeps: (key: string) => boolean): void;
  /** Changes every time stamp in every form: mtime, and atime and ctime if stored. */
  mapTimes(change: (time: number) => number): void;
}
