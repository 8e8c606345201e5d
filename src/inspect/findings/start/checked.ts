/** What a check of a file that runs came to. */
import type { Finding } from '../../finding.js';
import type { Account } from './accounts.js';

export interface Checked {
  readonly findings: readonly Finding[];
  /** The files that run: programs, interpreters, libraries. */
  readonly running: readonly string[];
}

/** How a file comes to be run. */
export interface Circumstances {
  /** The image's architecture: `amd64`. */
  readonly platform: string;
  /** What messages call the file. */
  readonly called: string;
  /** Undefined where it isn't known who runs it. */
  readonly account: Account | undefined;
}

export function only(...findings: readonly Finding[]): Checked {
  return { findings, running: [] };
}
