/** Retries after transient failures, with growing pauses. */
import { pause } from '../../pause.js';
import { ConnectionFailure, HttpFailure, isTransient } from './errors.js';
import type { CompleteSettings } from './settings.js';

/**
 * Runs `attempt` until it succeeds, fails permanently, or has no tries left.
 * @param known whether the registry has answered before
 * @throws what the last attempt threw, or the signal's reason
 */
export async function retry<T>(
  attempt: (number: number) => Promise<T>,
  known: () => boolean,
  { timing }: CompleteSettings,
  signal: AbortSignal,
): Promise<T> {
  for (let number = 1; ; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (number >= timing.tries || !isTransient(error, known())) throw error;
      const wait = delayOf(error, number, timing.delay);
      if (wait > timing.longest) throw error;
      await pause(wait, signal);
    }
  }
}

function delayOf(error: unknown, number: number, delay: number): number {
  if (error instanceof ConnectionFailure && error.stale && number === 1) return 0;
  if (error instanceof HttpFailure && error.retryAfter !== undefined) return error.retryAfter;
  // Concurrent requests retry at different times.
  return delay * 2 ** (number - 1) * (0.75 + Math.random() / 2);
}
