/** A sink that takes entries, not the bytes of a tar: for a consumer that reads the context itself. */
import type { WalkHandler } from '../tar/walk-handler.js';

export interface EntrySink {
  /** Takes entries as the edits leave them. What it throws ends the context. */
  readonly entries: WalkHandler;
  /**
   * Holds the next chunk back while its promise is pending. May be called again before that has
   * settled, as `Sink.ready`. Rejects when what was received can't be kept.
   */
  ready(): Promise<void> | undefined;
}
