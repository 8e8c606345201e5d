/**
 * The one error class of this package. A message is a gerund and its subject ("reading entry
 * app/x: …"), the `kind` decides the exit code, the `code` is stable for programs to test.
 */

import type { ErrorCode } from './error-codes.js';
import { printable } from './text/printable.js';
import { redact } from './text/redact.js';

/** The kind of failure, which `cli/exit.ts` maps to an exit code. */
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

/** Optional details of an error. */
export interface ErrorDetails {
  /** What to do next, one line. */
  readonly hint?: string | undefined;
  /** The error underneath. */
  readonly cause?: unknown;
  /** The lines of the Dockerfile around the instruction that failed, as `docker build` shows them. */
  readonly excerpt?: string | undefined;
}

/** Every failure this package reports on purpose. Anything else that is thrown is a bug. */
export class DockerceptionError extends Error {
  override readonly name = 'DockerceptionError';
  readonly kind: ErrorKind;
  /** Stable, for programs: `TAR_TRUNCATED`, `ENGINE_UNREACHABLE`, … */
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** Several lines, printable. */
  readonly excerpt: string | undefined;

  constructor(kind: ErrorKind, code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(redact(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.code = code;
    this.hint = details.hint && redact(details.hint);
    this.excerpt = details.excerpt && redact(details.excerpt);
  }

  /** The same error with a context in front of its message: `within('reading X')` is `reading X: …`. */
  within(context: string): DockerceptionError {
    return this.with({ message: `${context}: ${this.message}` });
  }

  /** The same error but for what is given; its cause stays the same, too. */
  with(
    changes: Partial<Pick<this, 'kind' | 'code' | 'message'> & ErrorDetails>,
  ): DockerceptionError {
    const { message, cause } = this;
    const all = { ...this, message, cause, ...changes };
    return new DockerceptionError(all.kind, all.code, all.message, all);
  }
}

/** The same error in other words; what isn't reported on purpose stays as it is. */
export function rewordError(error: unknown, reword?: (text: string) => string): unknown {
  return error instanceof DockerceptionError && reword !== undefined
    ? error.with({ message: reword(error.message) })
    : error;
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

const READ_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
};

/** Why a file that was named can't be read, without system codes. */
export function readReason(error: unknown): string {
  return READ_REASONS[systemCode(error) ?? ''] ?? messageOf(error);
}

const CONNECTION_REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such socket',
  ECONNREFUSED: 'connection refused, nothing listens there',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host’s name can’t be looked up',
  EHOSTUNREACH: 'no way to the host',
  ENETUNREACH: 'no way to the network',
  ETIMEDOUT: 'no answer',
  ENOTSOCK: 'not a socket',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it doesn’t speak TLS',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it doesn’t speak TLS',
};

/** OpenSSL's and Node's codes for untrusted certificates. */
export const UNTRUSTED =
  /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** A description of a connection's failure, without system codes. */
export function connectionReason(error: unknown): string {
  return CONNECTION_REASONS[connectionCode(error)] ?? printable(messageOf(error), 1000);
}

/** The code of an error, or of the first error for several addresses of a host. */
export function connectionCode(error: unknown): string {
  if (error instanceof AggregateError && systemCode(error) === undefined)
    return connectionCode(error.errors[0]);
  const code = systemCode(error) ?? '';
  return code === 'EPROTO' && messageOf(error).includes('wrong version number')
    ? 'ERR_SSL_WRONG_VERSION_NUMBER'
    : code;
}
