/** A timer that a signal ends. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits `time` milliseconds. Rejects with the signal's reason, which Node's timer only has as the cause of its error. */
export async function pause(time: number, signal: AbortSignal): Promise<void> {
  await sleep(time, undefined, { signal }).catch(() => signal.throwIfAborted());
}
