/** Blobs by their digest: written once, read as often as wanted. */
import type { Readable } from 'node:stream';
import type { Descriptor } from './descriptor.js';

/**
 * Bytes of a blob on their way. A chunk belongs to its producer again when the next one is asked
 * for: who needs it for longer copies it.
 */
export type Blob = AsyncIterable<Buffer>;

/** Where blobs are read from. */
export interface BlobSource {
  /**
   * Opens a blob; the caller reads it to its end or destroys it. Every reader gets its own stream.
   * The stream fails with BLOB_DIGEST when the bytes aren't what the descriptor says (a store that
   * has checked or made them itself need not do so again).
   */
  open(descriptor: Descriptor): Promise<Readable>;
}

/** Where blobs are written to. It has one writer at a time; whoever made it closes it. */
export interface BlobStore extends BlobSource {
  /**
   * Takes a blob whose digest is known only at its end. Bytes are taken with backpressure; the
   * digest is computed while they flow. When `blob` fails, nothing of it stays, and the promise
   * rejects with its error. A blob that is there already is kept once.
   *
   * @param expected bytes at most, as far as anybody knows: a hint
   */
  put(blob: Blob, mediaType: string, expected?: number): Promise<Descriptor>;
  /** Takes a blob from elsewhere, verified. Does nothing when it is there. */
  copy(descriptor: Descriptor, from: BlobSource): Promise<void>;
}

/** A store that gives back the room of a blob. */
export interface RevocableStore extends BlobStore {
  /** Removes the blob that was put last. Nobody reads it any more. */
  discard(descriptor: Descriptor): Promise<void>;
}
