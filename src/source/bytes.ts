/**
 * A context that a program holds: a stream of Node or of the web, bytes in memory, or anything that yields bytes. Each
 * becomes one Readable of buffers, whose destruction ends the original.
 */
import { Readable } from 'node:stream';
import { isAnyArrayBuffer } from 'node:util/types';
import { DockerceptionError } from '../errors.js';

/** Bytes, whole or in pieces. */
export type Bytes =
  | Readable
  | ReadableStream<Uint8Array>
  | ArrayBuffer
  | Uint8Array
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>;

/** Whether {@link readableOf} accepts the value. */
export function isBytes(value: unknown): value is Bytes {
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Readable) return value.readableEncoding === null;
  if (isWebStream(value)) return !value.locked;
  return isAnyArrayBuffer(value) || ArrayBuffer.isView(value) || isIterable(value);
}

/**
 * Returns a Readable of buffers. An error of the original is its error, unchanged. A piece that isn't bytes destroys it
 * with `USAGE_CONTEXT` of kind `usage`.
 */
export function readableOf(bytes: Bytes): Readable {
  if (bytes instanceof Readable) {
    if (!bytes.readableObjectMode) return bytes;
    const iterator = bytes[Symbol.asyncIterator]() as AsyncIterator<unknown>;
    // The result has the error.
    bytes.on('error', () => undefined);
    return new Pulled(iterator, (error) => void bytes.destroy(error));
  }
  if (isAnyArrayBuffer(bytes)) return readableOf(new Uint8Array(bytes));
  if (ArrayBuffer.isView(bytes)) return readableOf([bytes]);
  if (isWebStream(bytes)) {
    const reader = bytes.getReader();
    const next = async (): Promise<IteratorResult<unknown>> => {
      const { done, value } = await reader.read();
      return done ? { done, value: undefined } : { done, value };
    };
    return new Pulled({ next }, (error) => void reader.cancel(error).catch(() => undefined));
  }
  const iterator = iteratorOf(bytes);
  return new Pulled(iterator, () => {
    // A stream of another library: its iterator may wait for a piece that never comes.
    (bytes as Partial<Pick<Readable, 'destroy'>>).destroy?.();
    void endIterator(iterator);
  });
}

function isWebStream(value: object): value is ReadableStream<Uint8Array> {
  return 'getReader' in value && typeof value.getReader === 'function';
}

function isIterable(value: object): boolean {
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

function iteratorOf(bytes: AsyncIterable<unknown> | Iterable<unknown>): AnyIterator {
  return Symbol.asyncIterator in bytes ? bytes[Symbol.asyncIterator]() : bytes[Symbol.iterator]();
}

/** A generator that waits for its next piece ends when that arrives; it isn't waited for. */
async function endIterator(iterator: AnyIterator): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The stream is closed: its reader has the first error.
  }
}

/** Pulls pieces one at a time. Unlike `Readable.from`, it can be destroyed while its input is silent. */
class Pulled extends Readable {
  #pulling = false;
  #ended = false;

  constructor(
    private readonly pieces: {
      next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
    },
    private readonly release: (error: Error | undefined) => void,
  ) {
    super();
  }

  override _read(): void {
    if (!this.#pulling) void this.#pull();
  }

  async #pull(): Promise<void> {
    this.#pulling = true;
    try {
      for (let wanted = true; wanted && !this.destroyed;) {
        const next = await this.pieces.next();
        if (this.destroyed) return;
        if (next.done === true) {
          this.#ended = true;
          this.push(null);
          return;
        }
        const piece = pieceOf(next.value);
        // An empty piece isn't the end.
        if (piece.length > 0) wanted = this.push(piece);
      }
    } catch (error) {
      this.destroy(error as Error);
    } finally {
      this.#pulling = false;
    }
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#ended) this.release(error ?? undefined);
    callback(error);
  }
}

function pieceOf(value: unknown): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (isAnyArrayBuffer(value)) return Buffer.from(value);
  if (ArrayBuffer.isView(value))
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const type = value === null ? 'null' : typeof value === 'object' ? 'objects' : `${typeof value}s`;
  const message = `reading the context: its stream yields ${type}, not bytes`;
  throw new DockerceptionError('usage', 'USAGE_CONTEXT', message, {
    hint: 'a context is a tar: its pieces are Buffers or Uint8Arrays, without an encoding',
  });
}
