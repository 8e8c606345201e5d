/** Why a Dockerfile is refused, and where: `reading Dockerfile:3: unknown instruction: COPPY`. */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';

/** The reason alone, thrown where the place isn't known. {@link placed} adds it. */
export class Reason extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  constructor(message: string, code: ErrorCode = 'DOCKERFILE_SYNTAX', hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The error of kind `build`; without a line (0) it tells of the whole file. */
export function refusal(name: string, line: number, reason: Reason): DockerceptionError {
  const place = line > 0 ? `${printable(name)}:${line}` : printable(name);
  return new DockerceptionError(
    'build',
    reason.code,
    `reading ${place}: ${printable(reason.message, 500)}`,
    reason.hint === undefined ? {} : { hint: reason.hint },
  );
}

/** Runs `work`, and gives a {@link Reason} that it throws its place. */
export function placed<T>(name: string, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Reason ? refusal(name, line, error) : error;
  }
}
