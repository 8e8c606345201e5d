/** What shows a build's progress. */
import type { Report } from './events.js';

/** Shows progress on a stream that somebody else owns. */
export interface Display {
  /** Takes what happens. Works by itself, without its display. */
  readonly report: Report;
  /** Leaves the terminal as it was. To be called once, with the error of a failed build. */
  readonly close: (error?: unknown) => void;
}
