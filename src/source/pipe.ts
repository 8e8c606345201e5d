/** A pipe or socket that the process inherited: a Readable that `drain` reads through one reused buffer. */
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import { Readable } from 'node:stream';
import { countGarbage } from '../compression/young-garbage.js';

/** The capacity of a pipe on Linux: a read returns no more. */
const READ = 64 * 1024;

/**
 * Accepts a chunk. It stays valid and unchanged until the returned promise has settled, or until the
 * call has returned `undefined`; the next chunk comes after that. `owned` allows it to be written to.
 */
export type Consume = (chunk: Buffer, owned: boolean) => Promise<void> | undefined;

export class PipeStream extends Readable {
  readonly #buffer = Buffer.allocUnsafeSlow(READ);
  #socket: Socket | undefined;
  /** Accepts chunks without a copy; false stops the reading until `resume`. */
  #direct: ((chunk: Buffer) => boolean) | undefined;

  constructor(private readonly descriptor: number) {
    super({ highWaterMark: READ });
  }

  override _read(): void {
    this.#socket ??= this.#open();
    this.#socket.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket?.destroy();
    callback(error);
  }

  override resume(): this {
    super.resume();
    // A direct read requests no further one.
    if (this.#direct !== undefined) this._read();
    return this;
  }

  /** Passes later chunks to `take`, without 'data' events. Chunks that are buffered already still get such events. */
  readDirectly(take: (chunk: Buffer) => boolean): void {
    this.#direct = take;
  }

  #open(): Socket {
    // The constructor accepts `onread` as well; the types have it for `connect` only.
    const options: SocketConstructorOpts & ConnectOpts = {
      fd: this.descriptor,
      readable: true,
      writable: false,
      onread: {
        buffer: this.#buffer,
        callback: (bytes, buffer) => this.#take((buffer as Buffer).subarray(0, bytes)),
      },
    };
    const socket = new Socket(options);
    socket.on('error', (error) => this.destroy(error));
    socket.on('end', () => this.push(null));
    return socket;
  }

  /** False stops the reading. */
  #take(chunk: Buffer): boolean {
    const isNext = this.readableFlowing === true && this.readableLength === 0;
    if (this.#direct !== undefined && isNext) return this.#direct(chunk);
    return this.push(Buffer.from(chunk));
  }
}

/**
 * Reads a stream to its end, one chunk at a time. Resolves when the last `consume` has settled, too. Rejects with the
 * error of `consume`, or with the stream's, without waiting for `consume`; the caller destroys the stream.
 */
export function drain(stream: Readable, consume: Consume): Promise<void> {
  return new Promise((resolve, reject) => {
    // Such a stream emits no further event.
    if (stream.errored !== null) return reject(stream.errored);
    if (stream.readableEnded) return resolve();
    if (stream.destroyed) return reject(closed());

    let isConsuming = false;
    let hasEnded = false;
    let isSettled = false;
    const take = (chunk: Buffer, owned: boolean): boolean => {
      try {
        const wait = consume(chunk, owned);
        if (wait === undefined) return true;
        isConsuming = true;
        wait.then(consumed, fail);
      } catch (error) {
        fail(error);
      }
      stream.pause();
      return false;
    };
    const data = (chunk: Buffer): void => {
      take(chunk, stream instanceof PipeStream);
      countGarbage(chunk.length);
    };
    const consumed = (): void => {
      isConsuming = false;
      if (hasEnded) settle(resolve);
      else if (!isSettled) stream.resume();
    };
    // A paused stream may end while its last chunk is consumed.
    const end = (): void => {
      hasEnded = true;
      if (!isConsuming) settle(resolve);
    };
    const close = (): void => {
      if (!hasEnded) fail(closed());
    };
    const fail = (error: unknown): void => settle(() => reject(error));
    const settle = (act: () => void): void => {
      isSettled = true;
      stream.off('data', data).off('end', end).off('error', fail).off('close', close);
      act();
    };
    if (stream instanceof PipeStream) stream.readDirectly((chunk) => take(chunk, true));
    stream.on('end', end).on('error', fail).on('close', close).on('data', data).resume();
  });
}

function closed(): Error {
  return new Error('the stream was closed');
}
