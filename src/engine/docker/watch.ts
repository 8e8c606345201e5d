/** Minds streams and a signal while something else waits for an engine: the first failure of theirs is the one that counts. */
import type { Readable } from 'node:stream';

/** A stream's failure and the signal's, which count before whatever the engine makes of them. */
export class Watch {
  readonly failed: Promise<never>;
  #first: { readonly error: unknown } | undefined;
  #reject: (error: unknown) => void = () => {};
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.failed = new Promise<never>((_resolve, reject) => (this.#reject = reject));
    this.failed.catch(() => undefined);
    this.#signal = signal;
    if (signal.aborted) this.#onAbort();
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Minds a stream, too; gives it back. */
  add(stream: Readable): Readable {
    const onClose = (): void => {
      if (!stream.readableEnded) this.fail(new Error('the context’s stream was closed early'));
    };
    if (stream.errored) this.fail(stream.errored);
    else if (stream.destroyed) onClose();
    stream.on('error', (error) => this.fail(error)).on('close', onClose);
    return stream;
  }

  is(error: unknown): boolean {
    return this.#first !== undefined && this.#first.error === error;
  }

  /** What happens from now on is of no interest. */
  stop(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.fail(this.#signal.reason);
  };

  /** Tells of a failure that was seen elsewhere; gives the first one back. */
  fail(error: unknown): unknown {
    this.#first ??= { error };
    this.#reject(this.#first.error);
    return this.#first.error;
  }
}

/** Resolves when all of a stream was read. */
export function ended(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.readableEnded) resolve();
    else stream.once('end', () => resolve());
  });
}
