/** What a reader of contents sees of an entry, beside what an edit sees. */
import type { EntryHeader } from './entry-header.js';
import type { SparseMap } from './sparse-map.js';

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
