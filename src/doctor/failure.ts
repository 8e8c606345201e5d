/** What a report says of something that does not answer. */
import { DockerceptionError, messageOf } from '../errors.js';

/** Milliseconds for everything that is asked. */
export const TIME_LIMIT = 3000;

export const NO_ANSWER = `no answer within ${TIME_LIMIT / 1000} s`;

/** The error as a build reports it. After the time limit, `doing` says what was waited for. */
export function failureOf(
  error: unknown,
  signal?: AbortSignal,
  doing = 'asking',
): DockerceptionError {
  const isLate = signal?.aborted === true && error === signal.reason;
  if (error instanceof DockerceptionError && !isLate) return error;
  const why = isLate ? NO_ANSWER : messageOf(error);
  return new DockerceptionError('engine', 'ENGINE_UNREACHABLE', `${doing}: ${why}`);
}
