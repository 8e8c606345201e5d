/** What a check is told. */
import type { Limits } from '../options/limits.js';
import type { Report } from '../progress/events.js';
import type { ContextKind } from './findings/index.js';

/** What is looked for. */
export interface CheckOptions {
  /** What messages call the image. */
  readonly name: string;
  /** Where the context comes from: advice depends on it. @default unknown */
  readonly context?: ContextKind | undefined;
  /** @default none */
  readonly limits?: Limits | undefined;
  /** Whether findings are told. */
  readonly findings: boolean;
  readonly report: Report;
  readonly signal: AbortSignal;
}
