/**
 * A context that a program holds: a stream of Node or of the web, bytes in memory, or anything that yields bytes. Each
 * becomes one Readable of buffers, whose destruction ends the original.
 */
import { Readable } from 'node:stream';
import { isAnyArrayBuffer } from 'node:util/types';
import { PulledStream } from '../compression/pulled-stream.js';
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
  if (isAnyArrayBuffer(bytes) || ArrayBuffer.isView(bytes))
    return readableOf([bytes as Uint8Array]);
  if (bytes instanceof Readable) {
    if (!bytes.readableObjectMode) return bytes;
    // The result has the error.
    bytes.on('error', () => undefined);
    return pulled(bytes[Symbol.asyncIterator](), (error) => bytes.destroy(error));
  }
  if (isWebStream(bytes)) {
    const reader = bytes.getReader();
    return pulled(
      { next: () => reader.read() },
      (error) => void reader.cancel(error).catch(() => undefined),
    );
  }
  const iterator =
    Symbol.asyncIterator in bytes ? bytes[Symbol.asyncIterator]() : bytes[Symbol.iterator]();
  return pulled(iterator, () => {
    // A stream of another library: its iterator may wait for a piece that never comes.
    (bytes as Partial<Pick<Readable, 'destroy'>>).destroy?.();
    // A generator that waits for its next piece ends when that arrives; it isn't waited for.
    void (async () => iterator.return?.())().catch(() => undefined);
  });
}

function pulled(
  pieces: { next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>> },
  release: (error: Error | undefined) => unknown,
): Readable {
  const next = async (): Promise<IteratorResult<Buffer, unknown>> => {
    const result = await pieces.next();
    return result.done === true ? result : { value: pieceOf(result.value) };
  };
  return new PulledStream(next, (error) => void release(error ?? undefined));
}

function isWebStream(value: object): value is ReadableStream<Uint8Array> {
  return 'getReader' in value && typeof value.getReader === 'function';
}

function isIterable(value: object): boolean {
  return Symbol.asyncIterator in value || Symbol.iterator in value;
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
