import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { refuseGone } from '../../src/builder/killed.js';
import { DockerceptionError } from '../../src/errors.js';

const never = new AbortController().signal;
const gone = new DockerceptionError('engine', 'ENGINE_UNREACHABLE', 'reaching the engine');

/** An engine that answers so often, and is gone then. */
const answering = (times: number): { asked: number; ping(): Promise<void> } => ({
  asked: 0,
  ping() {
    return ++this.asked > times ? Promise.reject(gone) : Promise.resolve();
  },
});

describe('a builder that was killed', () => {
  it.each([137, 143])('with %i is the engine’s doing when that is gone', async (code) => {
    await expect(refuseGone(code, answering(0), never)).rejects.toBe(gone);
    await expect(refuseGone(code, answering(3), never)).rejects.toBe(gone);
  });

  it('failed when the engine is still there, which is asked for a second', async () => {
    const engine = answering(Infinity);
    const begun = performance.now();
    await refuseGone(137, engine, never);
    expect(performance.now() - begun).toBeLessThan(2000);
    expect(engine.asked).toBeGreaterThan(2);
  });

  it('failed when the engine is only slow', async () => {
    const ping = (signal?: AbortSignal): Promise<void> => sleep(60_000, undefined, { signal });
    await refuseGone(143, { ping }, never);
  });

  it('is no reason to ask when it ended by itself', async () => {
    const engine = answering(0);
    for (const code of [0, 1, 3, 139]) await refuseGone(code, engine, never);
    expect(engine.asked).toBe(0);
  });

  it('waits for nobody who was interrupted', async () => {
    const reason = new DockerceptionError('interrupted', 'SIGINT', 'interrupted');
    await expect(refuseGone(137, answering(9), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
