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
   * returned `undefined` or has settled, so that a sink needn't copy bytes that it can't write at once.
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
   * @param last bytes that make readers reject the tar; empty if readers notice the cut by themselves. A sink whose
   *   reader doesn't receive `error` writes its queued bytes and then these; all of them stay valid and unchanged. Other
   *   sinks ignore it. Without it, queued bytes are dropped.
   */
  destroy(error: Error, last?: Buffer): void;
}

/** Accepts entries instead of bytes, for a consumer that reads the context itself. */
export interface EntrySink {
  /** Receives the edited entries. An error that it throws ends the context. */
  readonly entries: WalkHandler;
  /**
   * The next chunk is not read while its promise is pending. May be called again before that has settled, as
   * `Sink.ready`. Rejects if the entries can't be stored.
   */
  ready(): Promise<void> | undefined;
}
