/** What `inspect` has to say about an image or a context. */

/** `error`: it won't start, or it gives a secret away. `warning`: it should not stay. `info`: good to know. */
export type Severity = 'error' | 'warning' | 'info';

/** One thing that was found. */
export interface Finding {
  /** Stable, for programs: `entrypoint-missing`. The list is in docs/findings.md. */
  readonly id: string;
  readonly severity: Severity;
  /** Absolute, of the entry that it is about; undefined where it is about the image. */
  readonly path?: string;
  /** What is wrong, one line without a full stop; names in it are printable. */
  readonly message: string;
  /** What to do about it, one line. */
  readonly advice: string;
}
