/**
 * The one error class of this package. A message is a gerund and its subject ("reading entry
 * app/x: …"), the `kind` decides the exit code, the `code` is stable for programs to test.
 */

import { redact } from './text/redact.js';

/** What went wrong, as the exit code tells it (`cli/exit.ts` maps one to the other). */
export type ErrorKind =
  | 'build'
  | 'usage'
  | 'context'
  | 'builder'
  | 'engine'
  | 'limit'
  | 'output'
  | 'interrupted'
  | 'terminated';

/** What may be told beside the message. */
export interface ErrorDetails {
  /** What to do next, one line. */
  readonly hint?: string;
  /** The error underneath. */
  readonly cause?: unknown;
  /** The lines of the Dockerfile around the instruction that failed, as `docker build` shows them. */
  readonly excerpt?: string;
}

/** Every failure this package reports on purpose. Anything else that is thrown is a bug. */
export class DockerceptionError extends Error {
  override readonly name = 'DockerceptionError';
  readonly kind: ErrorKind;
  /** Stable, for programs: `TAR_TRUNCATED`, `ENGINE_UNREACHABLE`, … */
  readonly code: string;
  readonly hint: string | undefined;
  /** Several lines, printable. */
  readonly excerpt: string | undefined;

  constructor(kind: ErrorKind, code: string, message: string, details: ErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = code;
    this.hint = details.hint === undefined ? undefined : redact(details.hint);
    this.excerpt = details.excerpt === undefined ? undefined : redact(details.excerpt);
  }
}

/** The same error in other words; what isn't reported on purpose stays as it is. */
export function rewordError(error: unknown, reword: (text: string) => string): unknown {
  if (!(error instanceof DockerceptionError)) return error;
  const { kind, code, hint, excerpt, cause } = error;
  return new DockerceptionError(kind, code, reword(error.message), {
    ...(hint !== undefined && { hint }),
    ...(excerpt !== undefined && { excerpt }),
    cause,
  });
}

/** The message of anything that can be thrown, without secrets. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && !error.message)
    return error.errors.map(messageOf).join('; ');
  return redact(error instanceof Error ? error.message : String(error));
}

/** The `code` that Node's system errors carry (`ENOENT`, `EPIPE`, …). */
export function systemCode(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
