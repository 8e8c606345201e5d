/** Where the corrected context goes. */
import type { WalkHandler } from '../tar/walk-handler.js';

/**
 * Accepts the bytes of a tar. The pipeline is its only owner and calls it in this order:
 *
 *     (write* ready)* end        everything was good
 *     (write* ready)* destroy    at any moment, also while a promise of `ready` or `end` is pending
 */
export interface Sink {
  /**
   * Accepts the next bytes of the output. They stay valid and unchanged until the next `ready` has
   * returned `undefined` or has settled, so that a sink needn't copy what it can't pass on at once.
   * @throws an error of kind output when the output is broken; does nothing after `destroy`
   */
  write(bytes: Buffer): void;
  /**
   * Returns `undefined` when the sink has no more use for the bytes that were written, otherwise a
   * promise that settles when this is so. May be called again while that promise is pending, and
   * then returns it, or one that settles with it.
   * @throws or rejects with an error of kind output when the output is broken, and with the reason
   *   of `destroy` after it
   */
  ready(): Promise<void> | undefined;
  /** Ends the output: everything was good. Called once. Resolves when the last byte has left. */
  end(): Promise<void>;
  /**
   * Closes the output without its end. Only the first call counts, and none after `end`. Returns at once.
   *
   * @param last what makes a reader refuse the tar after all that was written; empty when the reader
   *   notices the cut by itself. A sink whose reader doesn't get `error` passes on what it still holds,
   *   and then these bytes; all of them stay valid and unchanged. Other sinks ignore it. Without it,
   *   what the sink holds is dropped.
   */
  destroy(error: Error, last?: Buffer): void;
}

/** Accepts entries instead of bytes, for a consumer that reads the context itself. */
export interface EntrySink {
  /** Takes entries as the edits leave them. What it throws ends the context. */
  readonly entries: WalkHandler;
  /**
   * Holds the next chunk back while its promise is pending. May be called again before that has
   * settled, as `Sink.ready`. Rejects when what was received can't be kept.
   */
  ready(): Promise<void> | undefined;
}
