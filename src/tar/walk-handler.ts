/** What the walk over a tar reports. */
import type { ViewedEntry } from './entry-header.js';
import type { GlobalHeader } from './global.js';

/** What the walk reports. Entries and headers are valid during the call only. */
export interface WalkHandler {
  /**
   * Whether forms that Go's archive/tar doesn't unpack leave in one that it does: old GNU sparse files
   * as PAX 0.1, Sun's extended headers as POSIX ones. Sparse maps are validated then. @default false
   */
  readonly portable?: boolean;
  /**
   * An entry's headers are complete. `lead` is the typeflag of its first block (`x`, `L`, …, or
   * its own). What is set on `entry` leaves so; `'drop'` leaves the entry out.
   */
  entry(entry: ViewedEntry, lead: number): void | 'drop';
  /** A global PAX header. */
  global(header: GlobalHeader): void;
  /**
   * The next bytes of the output; without it, there is none. They stay valid and unchanged as long as
   * the chunk of the {@link TarWalk.push} at hand.
   */
  bytes?(bytes: Buffer): void;
  /** The next bytes of the body of an entry that stays, without its padding; part of the chunk. */
  body?(bytes: Buffer): void;
  /** A block that continues old GNU's sparse map, of an entry that stays; valid during the call only. */
  sparseBlock?(block: Buffer): void;
  /** A body is followed by padding that isn't zeros: legal, but also what CRLF damage looks like. */
  oddPadding?(): void;
  /** A block that should be a header has a wrong checksum. What it throws takes the place of that error. */
  badHeader?(block: Buffer): void;
}

/** Where a stream may end without its end-of-archive. */
export type Ending = 'complete' | 'unterminated';
