/** What the walk reports: to its handler, at the end, and as errors. */
import { DockerceptionError } from '../errors.js';
import type { EntryHeader } from './entry-header.js';
import type { GlobalHeader } from './global-header.js';
import type { PlainEdit, PlainFiles } from './plain-entries.js';

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
  /**
   * What `entry` would do to the next plain entries, which are neither reported to it nor to `data`; `undefined` if they have
   * to be. @default undefined
   * @internal
   */
  plain?(): PlainEdit | undefined;
  /**
   * Receives the plain files, if there is no output. @default nothing reads them
   * @internal
   */
  readonly plainFiles?: PlainFiles | undefined;
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

/** Receives entries and their contents beside a handler. Neither method throws. */
export interface EntryObserver {
  /** Whether it has a use for entries. */
  readonly isOpen: boolean;
  entry(entry: EntryHeader): void;
  /** The next bytes of the content of the last entry, valid during the call only. */
  data(bytes: Buffer): void;
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

/** Bytes to keep for a message. */
const SAMPLE = 64;

/** Adds the bytes of a chunk from `at` on; zeros before all others are padding. */
export function addTrailing(
  before: Trailing | undefined,
  chunk: Buffer,
  at: number,
): Trailing | undefined {
  let from = at;
  const { bytes, sample } = before ?? { bytes: 0, sample: Buffer.alloc(0) };
  if (bytes === 0) while (from < chunk.length && chunk[from] === 0) from++;
  if (from === chunk.length) return before;
  const more = chunk.subarray(from, from + SAMPLE - sample.length);
  return {
    bytes: bytes + chunk.length - from,
    sample: more.length === 0 ? sample : Buffer.concat([sample, more]),
  };
}

/** TAR_TRUNCATED. */
export function truncated(source: string, where: string): DockerceptionError {
  const message = `reading ${source}: it is cut short ${where}`;
  return new DockerceptionError('context', 'TAR_TRUNCATED', message);
}

/** A block where a header belongs: TAR_NOT_A_TAR at the start of the stream, TAR_CHECKSUM elsewhere. */
export function notAHeader(source: string, offset: number): DockerceptionError {
  if (offset > 0) {
    const message = `reading ${source}: bad checksum in the header at byte ${offset}`;
    return new DockerceptionError('context', 'TAR_CHECKSUM', message);
  }
  const message = 'reading the tar: the stream does not start with a tar header';
  return new DockerceptionError('context', 'TAR_NOT_A_TAR', message);
}

/** TAR_LONE_ZERO. */
export function loneZero(source: string, offset: number): DockerceptionError {
  const message = `reading ${source}: a lone zero block, and more after it at byte ${offset}`;
  return new DockerceptionError('context', 'TAR_LONE_ZERO', message);
}

const MAP_ERRORS = ['TAR_SPARSE', 'TAR_FIELD'];

/** Reads a sparse map after the header. An error of the map gets the entry's name. */
export function inSparseEntry(name: string, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof DockerceptionError && MAP_ERRORS.includes(error.code))) throw error;
    throw error.within(`reading entry ${name}`);
  }
}

/** What the walk reads next. */
export type State = 'header' | 'metadata' | 'sparse-map' | 'body' | 'padding' | 'zero' | 'end';

/**
 * Where a stream is cut that ends in a state; undefined if it may end there.
 * @param pending the place after an extended header
 */
export function placeOf(
  state: State,
  name: string,
  remaining: number,
  carried: number,
  pending: string | undefined,
): string | undefined {
  return {
    end: undefined,
    zero: carried > 0 ? 'in the end-of-archive' : undefined,
    body: `in the body of ${name}, ${remaining} bytes short`,
    padding: `in the padding after ${name}`,
    'sparse-map': `in the sparse map of ${name}`,
    metadata: 'in an extended header',
    header: carried > 0 ? `in a header, ${carried} of 512 bytes` : pending,
  }[state];
}
