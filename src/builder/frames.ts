/**
 * A container's output, demultiplexed: each frame is a header of 8 bytes (the stream, three zeros, the
 * length in big endian) and its payload (Engine API, ContainerAttach, "Stream format"). Payloads are passed on as
 * parts of the chunks that came: nothing is copied, and nothing is kept.
 */
import { DockerceptionError } from '../errors.js';

const HEADER = 8;
const STDERR = 2;

/** Takes the payloads as they come. */
export interface FrameHandler {
  stdout(bytes: Buffer): void;
  stderr(bytes: Buffer): void;
}

export class Frames {
  readonly #handler: FrameHandler;
  readonly #header = Buffer.alloc(HEADER);
  #headed = 0;
  #left = 0;

  constructor(handler: FrameHandler) {
    this.#handler = handler;
  }

  /** Whether it may end here. */
  get isWhole(): boolean {
    return this.#headed === 0 && this.#left === 0;
  }

  /** @throws DockerceptionError of kind engine, ENGINE_ANSWER: not frames */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#left === 0) {
        const copied = chunk.copy(this.#header, this.#headed, at, at + HEADER - this.#headed);
        this.#headed += copied;
        at += copied;
        if (this.#headed < HEADER) return;
        this.#begin();
        continue;
      }
      const end = Math.min(at + this.#left, chunk.length);
      const payload = chunk.subarray(at, end);
      this.#left -= payload.length;
      at = end;
      if (this.#header[0] === STDERR) this.#handler.stderr(payload);
      else this.#handler.stdout(payload);
    }
  }

  #begin(): void {
    const header = this.#header;
    this.#headed = 0;
    if ((header[0] as number) > STDERR || header.readUIntBE(1, 3) !== 0)
      throw new DockerceptionError(
        'engine',
        'ENGINE_ANSWER',
        'reading the builder: the engine sends no frames',
      );
    this.#left = header.readUInt32BE(4);
  }
}
