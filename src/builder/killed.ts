/**
 * A builder that was killed: by somebody, or by an engine that goes down. That one kills its containers first, and may have the
 * time to say so before it is gone itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, ContainerState } from '../engine/docker/index.js';

/** The exit codes of SIGKILL and SIGTERM, which engines end containers by. */
const KILLED: readonly number[] = [137, 143];

/** Milliseconds in which an engine that goes down has closed its door. */
const GOING_DOWN = 1000;
const ASK_EVERY = 100;

/** Milliseconds after which an engine knows what became of a container's memory. */
const SETTLED = 300;

/**
 * What a builder that has failed was like at its end; undefined when the engine doesn't say.
 * @param lines its last ones: a shell tells of a child that was killed before the engine knows why
 */
export async function stateAtEnd(
  container: Pick<Container, 'inspect'>,
  lines: readonly string[],
  signal: AbortSignal,
): Promise<ContainerState | undefined> {
  const state = await container.inspect(signal).catch(() => undefined);
  if (state?.outOfMemory !== false || !/Killed$/.test(lines.at(-1) ?? '')) return state;
  await sleep(SETTLED, undefined, { signal }).catch(() => signal.throwIfAborted());
  return container.inspect(signal).catch(() => undefined);
}

/**
 * Watches the engine for a moment when it may be what has killed a builder. Rejects with ENGINE_UNREACHABLE when it goes
 * away; one that is only slow is there.
 */
export async function refuseGone(
  code: number,
  container: Pick<Container, 'ping'>,
  signal: AbortSignal,
): Promise<void> {
  if (!KILLED.includes(code)) return;
  const enough = AbortSignal.timeout(GOING_DOWN);
  const either = AbortSignal.any([signal, enough]);
  try {
    for (;;) {
      await container.ping(either);
      await sleep(ASK_EVERY, undefined, { signal: either });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!enough.aborted) throw error;
  }
}
