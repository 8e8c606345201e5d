/**
 * Where a context comes from. A source is opened once and read once, by one owner: whoever
 * reads `stream` destroys it when it gives up.
 */
import type { Readable } from 'node:stream';

/** One tar stream, read once. */
export interface Source {
  /** What an error message calls it: `standard input`, `context.tar`, `./dir`. */
  readonly name: string;
  /** The bytes, already decompressed. Destroyed with an error when the producer fails. */
  readonly stream: Readable;
  /**
   * Settles when the producer is known to have succeeded or failed: a file that was read to its
   * end, a container that exited with 0. The end-of-archive is held back until then.
   */
  readonly complete: Promise<void>;
  /** Whether it is a directory's, to which its .dockerignore is applied. @default false */
  readonly isDirectory?: boolean;
}
