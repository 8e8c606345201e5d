import { describe, expect, it } from 'vitest';
import { exited, timedOut } from '../../src/builder/failure.js';
import { describe as told } from '../../src/cli/exit.js';
import type { ContainerState } from '../../src/engine/docker/container.js';

const state = (outOfMemory: boolean): ContainerState => ({
  running: false,
  outOfMemory,
  health: undefined,
  wasChecked: false,
  healthOutput: undefined,
  address: undefined,
});

describe('a builder that has failed', () => {
  it.each([
    [1, 'it exited with 1'],
    [2, 'it exited with 2'],
    [9, 'it exited with 9'],
    [126, 'its command can’t be run, exit code 126'],
    [127, 'its command is not there, exit code 127'],
    [137, 'it was killed, exit code 137'],
    [139, 'it crashed, exit code 139'],
    [143, 'it was terminated, exit code 143'],
    [255, 'it exited with 255'],
  ])('with %i is told', (code, what) => {
    const error = exited('the builder .', code, undefined, []);
    expect(error).toMatchObject({ kind: 'builder', code: 'BUILDER_FAILED' });
    expect(error.message).toBe(`running the builder .: ${what}`);
    expect(error.hint).toMatch(/`keep`/);
  });

  it('by a lack of memory says so, with what helps', () => {
    const error = exited('the builder .', 137, state(true), ['allocating']);
    expect(error.message).toBe(
      'running the builder .: it ran out of memory, exit code 137; its last lines: allocating',
    );
    expect(error.hint).toMatch(/give the engine more memory/);
    expect(exited('b', 137, state(false), []).message).toContain('it was killed');
  });

  it('says what it said, on one line and fit for a terminal', () => {
    const lines = [
      'make: *** [app] Error 1',
      '\x1b[31mred\x1b[0m\x1b]0;title\x07',
      'caf\u00e9\x00',
    ];
    const { message } = exited('nginx', 2, state(false), lines);
    expect(message).toBe(
      'running nginx: it exited with 2; its last lines: make: *** [app] Error 1 | red | café',
    );
    expect(told(exited('nginx', 2, undefined, lines)).split('\n')).toHaveLength(3);
  });

  it.each([
    [500, '0.5 s'],
    [2000, '2 s'],
    [5_400_000, '5400 s'],
  ])('by taking longer than %i ms is told', (milliseconds, text) => {
    const error = timedOut('the builder .', milliseconds);
    expect(error).toMatchObject({ kind: 'builder', code: 'BUILDER_TIMEOUT' });
    expect(error.message).toBe(
      `running the builder .: it was still running after ${text}, and was killed`,
    );
    expect(error.hint).toContain('`timeout`');
  });
});
