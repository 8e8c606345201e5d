/** What the walk reports. */
import type { EntryHeader } from './entry-header.js';
import type { GlobalHeader } from './global-header.js';

/** Receives what the walk finds. Entries and headers are valid during the call only. */
export interface WalkHandler {
  /**
   * Whether to convert forms that Go's archive/tar doesn't unpack: old GNU sparse files to PAX 0.1, Sun's extended
   * headers to POSIX ones. Sparse maps are validated. @default false
   */
  readonly portable?: boolean;
  /**
   * An entry's headers are complete. Properties that are set on `entry` are written; `'drop'` omits the entry.
   * @param lead the typeflag of its first block: `x`, `L`, …, or its own
   */
  entry(entry: EntryHeader, lead: number): void | 'drop';
  /** A global PAX header. */
  global?(header: GlobalHeader): void;
  /** The next bytes of the output: valid and unchanged as long as the chunk that was pushed. @default no output */
  bytes?(bytes: Buffer): void;
  /** The next bytes of the content of an entry that is kept: a part of the chunk that was pushed. */
  data?(bytes: Buffer): void;
  /** The next `length` bytes of the content are zeros and not stored. @default sparse files are read as stored */
  hole?(length: number): void;
  /** The padding after a body isn't zeros: legal, but also a sign of CRLF damage. */
  oddPadding?(): void;
  /** A block has a wrong checksum where a header is expected. What it throws replaces the walk's error. */
  badHeader?(block: Buffer): void;
}

/** Where a stream may end without its end-of-archive. */
export type Ending = 'complete' | 'unterminated';

/** Data after the end-of-archive; zeros are padding. */
export interface Trailing {
  /** Bytes from the first one that isn't zero to the end. */
  readonly bytes: number;
  /** The first of them, at most 64. */
  readonly sample: Buffer;
}
