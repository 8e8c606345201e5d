/** The loop that reads a stream, and the base of streams that it reads through a reused buffer. */
import { Readable } from 'node:stream';
import { countGarbage } from '../compression/young-garbage.js';

/**
 * Accepts a chunk. It stays valid and unchanged until the returned promise has settled, or until the
 * call has returned `undefined`; the next chunk comes after that. `owned` allows it to be written to.
 */
export type Consume = (chunk: Buffer, owned: boolean) => Promise<void> | undefined;

/** A Readable with a buffer of its own, from which `drain` reads without a copy; other readers get copies. */
export abstract class DirectStream extends Readable {
  /** Accepts chunks without a copy; false stops the reading until `resume`. */
  #direct: ((chunk: Buffer) => boolean) | undefined;
  /** Whether the buffer is in use until `resume`. */
  #isUsed = false;
  /** Its content, if that has arrived before the reader wants it. */
  #held: Buffer | undefined;
  #isResuming = false;

  /** Requests the next bytes, which `deliver` receives. May be called again before. */
  protected abstract fill(): void;

  override _read(): void {
    if (!this.#isUsed) this.fill();
  }

  override resume(): this {
    super.resume();
    if (this.#direct !== undefined && !this.#isResuming) {
      this.#isResuming = true;
      // After what is buffered, which flows in the next tick. A direct read requests no further one.
      process.nextTick(() => this.#resumeDirectly());
    }
    return this;
  }

  /** Passes later chunks to `take`, without 'data' events. Chunks that are buffered already still get such events. */
  readDirectly(take: (chunk: Buffer) => boolean): void {
    this.#direct = take;
  }

  /** Passes on a part of the buffer. False if nothing may be read into that before the next `fill`. */
  protected deliver(chunk: Buffer): boolean {
    if (this.#direct === undefined) return this.push(Buffer.from(chunk));
    // What is buffered comes first.
    const isNext = this.readableFlowing === true && this.readableLength === 0;
    if (isNext && this.#direct(chunk)) return true;
    this.#isUsed = true;
    if (!isNext) this.#held = chunk;
    return false;
  }

  #resumeDirectly(): void {
    this.#isResuming = this.#isUsed = false;
    if (this.destroyed) return;
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined || this.deliver(held)) this.fill();
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
      take(chunk, stream instanceof DirectStream);
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
    if (stream instanceof DirectStream) stream.readDirectly((chunk) => take(chunk, true));
    stream.on('end', end).on('error', fail).on('close', close).on('data', data).resume();
  });
}

function closed(): Error {
  return new Error('the stream was closed');
}
