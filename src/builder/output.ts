/**
 * The builder's standard output as a stream, its end held back: it ends when the builder has exited with 0, and
 * is destroyed with the reason otherwise. Who doesn't want it any more destroys it; what the builder
 * still writes is let pass then, so that it comes to its own end and can say what is wrong.
 */
import { type Duplex, Readable } from 'node:stream';
import { Frames } from './frames.js';

const BUFFERED = 64 << 10;

export class BuilderOutput extends Readable {
  /** Resolves when the engine has closed the connection, whatever the reason. */
  readonly over: Promise<void>;
  /** Why the connection broke; undefined while it stands, and when it was closed in order. */
  failure: Error | undefined;
  readonly #connection: Duplex;
  #eager = false;

  /**
   * Owns `connection`. `show` gets the builder's standard error as it comes, and with `showsAll` its output, too: nothing
   * is left for the stream then.
   */
  constructor(connection: Duplex, show: (bytes: Buffer) => void, showsAll = false) {
    super({ highWaterMark: BUFFERED });
    this.#connection = connection;
    const frames = new Frames({
      stdout: (bytes) => {
        if (showsAll) return show(bytes);
        if (!this.destroyed && !this.push(bytes) && !this.#eager) connection.pause();
      },
      stderr: show,
    });
    this.over = new Promise((resolve) => {
      connection.on('close', resolve);
      connection.on('end', resolve);
    });
    // What follows from it depends on what the engine says of the container.
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
   * The builder has ended: takes what is left at once, as some engines drop it after a moment (moby#49655). It
   * is what pipes and sockets hold, and no more.
   */
  async rest(): Promise<void> {
    this.#eager = true;
    this.#connection.resume();
    await this.over;
  }

  /** All of it is good. */
  finish(): void {
    if (!this.destroyed) this.push(null);
  }

  /** Closes the connection. */
  close(): void {
    this.destroy();
    this.#connection.destroy();
  }
}
