/** The output of a container, demultiplexed (Engine API, ContainerAttach, "Stream format"). */
import { type Duplex, Readable } from 'node:stream';
import { DockerceptionError } from '../errors.js';

const HIGH_WATER_MARK = 64 << 10;

/**
 * The standard output of a builder as a stream, which ends when the builder has exited with 0, and is destroyed with the
 * error otherwise. After its reader destroys it, the rest of the output is discarded, so that the builder can finish.
 */
export class BuilderOutput extends Readable {
  /** Resolves when the connection has ended, for any reason. */
  readonly over: Promise<void>;
  /** Why the connection broke, if it did. */
  failure: Error | undefined;
  readonly #connection: Duplex;
  #isEager = false;

  /**
   * @param connection is destroyed by {@link close}.
   * @param show receives the standard error.
   * @param showsAll whether it also receives the standard output, which the stream then has not.
   */
  constructor(connection: Duplex, show: (bytes: Buffer) => void, showsAll = false) {
    super({ highWaterMark: HIGH_WATER_MARK });
    this.#connection = connection;
    const frames = new Frames({
      stdout: (bytes) => {
        if (showsAll) return show(bytes);
        if (!this.destroyed && !this.push(bytes) && !this.#isEager) connection.pause();
      },
      stderr: show,
    });
    this.over = new Promise((resolve) => void connection.on('close', resolve).on('end', resolve));
    // The state of the container decides about its consequence.
    connection.on('error', (error: Error) => (this.failure ??= error));
    connection.on('data', (chunk: Buffer) => {
      try {
        frames.push(chunk);
      } catch (error) {
        this.destroy(error as Error);
        connection.destroy();
      }
    });
  }

  override _read(): void {
    this.#connection.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#connection.resume();
    callback(error);
  }

  /**
   * Reads the rest at once after the builder has ended, because some engines drop it soon (moby#49655). It is no more
   * than pipes and sockets can hold.
   */
  async rest(): Promise<void> {
    this.#isEager = true;
    this.#connection.resume();
    await this.over;
  }

  /** Ends the stream. */
  finish(): void {
    if (!this.destroyed) this.push(null);
  }

  /** Closes the connection. */
  close(): void {
    this.destroy();
    this.#connection.destroy();
  }
}

const HEADER = 8;
const STDERR = 2;

/**
 * Splits frames: a header of 8 bytes (the stream, three zeros, the length in big endian), then the payload. Payloads are
 * passed on in parts that share the memory of the chunks.
 */
export class Frames {
  readonly #header = Buffer.alloc(HEADER);
  /** Bytes of the header that have arrived, and of the payload that have not. */
  #headed = 0;
  #left = 0;

  constructor(
    private readonly handler: Readonly<Record<'stdout' | 'stderr', (bytes: Buffer) => void>>,
  ) {}

  /** Whether no frame is incomplete. */
  get isWhole(): boolean {
    return this.#headed === 0 && this.#left === 0;
  }

  /** @throws DockerceptionError of kind engine, ENGINE_ANSWER, if there is no frame. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length;) {
      if (this.#left === 0) {
        const copied = chunk.copy(this.#header, this.#headed, at, at + HEADER - this.#headed);
        this.#headed += copied;
        at += copied;
        if (this.#headed < HEADER) return;
        this.#headed = 0;
        if ((this.#header[0] as number) > STDERR || this.#header.readUIntBE(1, 3) !== 0) {
          const message = 'reading the builder: the engine sends no frames';
          throw new DockerceptionError('engine', 'ENGINE_ANSWER', message);
        }
        this.#left = this.#header.readUInt32BE(4);
        continue;
      }
      const end = Math.min(at + this.#left, chunk.length);
      const payload = chunk.subarray(at, end);
      this.#left -= payload.length;
      at = end;
      this.handler[this.#header[0] === STDERR ? 'stderr' : 'stdout'](payload);
    }
  }
}
