/** What an engine sends for a container, made here. */
import { Duplex } from 'node:stream';

/** One frame of a container's output: 1 is standard output, 2 is standard error. */
export function frame(stream: number, payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload as string);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

/** The same bytes in chunks of these sizes, over and over. */
export function* inChunks(bytes: Buffer, ...sizes: number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

/** A connection whose other end is a test's. */
export class FakeConnection extends Duplex {
  /** Chunks that have been read from it. */
  taken = 0;
  readonly #waiting: (Buffer | null)[] = [];
  #wanted = false;

  constructor() {
    super({ readableHighWaterMark: 1, allowHalfOpen: true });
  }

  /** What the engine sends; it waits until it is read. */
  send(...chunks: (Buffer | null)[]): void {
    this.#waiting.push(...chunks);
    this.#next();
  }

  override _read(): void {
    this.#wanted = true;
    this.#next();
  }

  override _write(_chunk: unknown, _encoding: string, callback: () => void): void {
    callback();
  }

  #next(): void {
    while (this.#wanted && this.#waiting.length > 0) {
      const chunk = this.#waiting.shift() as Buffer | null;
      this.taken++;
      this.#wanted = this.push(chunk);
    }
  }
}
