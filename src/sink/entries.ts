/** A sink that takes entries, not the bytes of a tar: for who reads the context himself. */
import type { ViewHandler } from '../tar/entry-view.js';

export interface EntrySink {
  /** Takes entries as the edits leave them. What it throws ends the context. */
  readonly entries: ViewHandler;
  /** Holds the next chunk back while it hasn't settled; rejects when what came can't be kept. */
  ready(): Promise<void> | undefined;
}
