/** Errors in a Dockerfile: `reading Dockerfile:3: unknown instruction: COPPY`. */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';

/** An error without its place, which {@link placed} adds. */
export class Reason extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  constructor(message: string, code: ErrorCode = 'DOCKERFILE_SYNTAX', hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The error of kind `build`; line 0 is the whole file. */
export function refusal(name: string, line: number, reason: Reason): DockerceptionError {
  const place = line > 0 ? `${printable(name)}:${line}` : printable(name);
  const message = `reading ${place}: ${printable(reason.message, 500)}`;
  return new DockerceptionError('build', reason.code, message, { hint: reason.hint });
}

/** Runs `work`; adds the place to a {@link Reason} that it throws. */
export function placed<T>(name: string, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Reason ? refusal(name, line, error) : error;
  }
}
