/** What a check is told. */
import type { Report } from '../progress/events.js';
import type { Limits } from './limits.js';

/** What is looked for. */
export interface CheckOptions {
  /** What messages call the image. */
  readonly name: string;
  /** @default none */
  readonly limits?: Limits | undefined;
  /** Whether findings are told. */
  readonly findings: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
}
