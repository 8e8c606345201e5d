/** What shows a build's progress. */
import type { Report } from './events.js';

/** Shows progress on a stream that somebody else owns. */
export interface Display {
  /** Takes what happens. Works by itself, without its display. */
  readonly report: Report;
  /** Leaves the terminal as it was. To be called once, with the error of a failed build. */
  readonly close: (error?: unknown) => void;
}

/** As much of `process.stderr` as the displays use. */
export interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly writableNeedDrain?: boolean | undefined;
}

/** Writes as long as there is a reader. */
export class Writer {
  private gone = false;

  constructor(readonly out: Output) {
    // Progress is an extra: when nobody reads it any more (EPIPE), the build goes on without.
    out.on('error', () => (this.gone = true));
  }

  write(text: string): void {
    if (!this.gone && text !== '') this.out.write(text);
  }

  /** Whether the reader is behind, so that what is only for the moment is better left out. */
  get busy(): boolean {
    return !this.gone && this.out.writableNeedDrain === true;
  }
}
