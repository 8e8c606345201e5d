import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { refuseGone, runsOn, stateAtEnd } from '../../src/builder/failure.js';
import type { ContainerState } from '../../src/engine/docker/container.js';
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

  it('has failed if the engine still answers after a second', async () => {
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

  it('does not wait after an interrupt', async () => {
    const reason = new DockerceptionError('interrupted', 'SIGINT', 'interrupted');
    await expect(refuseGone(137, answering(9), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

const ended: ContainerState = {
  running: false,
  outOfMemory: false,
  health: undefined,
  wasChecked: false,
  healthOutput: undefined,
  address: undefined,
};
const killed: ContainerState = { ...ended, outOfMemory: true };

/** A container whose engine gives one answer after the other. */
function knowing(...answers: readonly ContainerState[]) {
  let asked = 0;
  return {
    inspect: () => Promise.resolve(answers[asked++] as ContainerState),
    get asked() {
      return asked;
    },
  };
}

describe('the state at the end', () => {
  const { signal } = new AbortController();

  it('is requested again if a shell reports that a child was killed', async () => {
    const container = knowing(ended, killed);
    expect(await stateAtEnd(container, ['allocating', 'Killed'], signal)).toBe(killed);
    expect(container.asked).toBe(2);
  });

  it.each([
    ['nothing was killed', ended, ['no such file']],
    ['it said nothing', ended, []],
    ['the engine knows at once', killed, ['Killed']],
  ])('is asked for once when %s', async (_, state, lines) => {
    const container = knowing(state, ended);
    expect(await stateAtEnd(container, lines, signal)).toBe(state);
    expect(container.asked).toBe(1);
  });

  it('is nothing when the engine does not answer', async () => {
    const container = { inspect: () => Promise.reject(new Error('gone')) };
    expect(await stateAtEnd(container, ['Killed'], signal)).toBeUndefined();
  });

  it('is not awaited after an abort, whose reason is the error', async () => {
    const stop = new AbortController();
    const state = stateAtEnd(knowing(ended, killed), ['Killed'], stop.signal);
    const reason = new Error('interrupted');
    stop.abort(reason);
    await expect(state).rejects.toBe(reason);
  });
});

describe('a builder whose output has ended', () => {
  const { signal } = new AbortController();
  const running: ContainerState = { ...ended, running: true };

  it('has ended, even if the engine knows it a moment later', async () => {
    expect(await runsOn(knowing(ended), signal)).toBe(false);
    expect(await runsOn(knowing(running, ended), signal)).toBe(false);
  });

  it('runs on if it still does a second later', async () => {
    expect(await runsOn(knowing(running, running), signal)).toBe(true);
  });
});
