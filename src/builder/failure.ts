/** Why a builder has failed: its exit code, its last lines, the memory limit, or an engine that shuts down. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, ContainerState } from '../engine/docker/container.js';
import { DockerceptionError } from '../errors.js';
import { pause } from '../pause.js';
import { plainText } from '../text/terminal.js';

/** The meaning of exit codes of `docker run` and of shells. */
const CODES: Readonly<Record<number, string>> = {
  126: 'its command can’t be run',
  127: 'its command is not there',
  137: 'it was killed',
  139: 'it crashed',
  143: 'it was terminated',
};
/** The exit codes of SIGKILL and SIGTERM, with which engines end containers. */
const KILLED: readonly number[] = [137, 143];

/** Milliseconds in which an engine that shuts down stops to answer. */
const SHUTDOWN_TIME = 1000;
const PING_INTERVAL = 100;
/** Milliseconds after which an engine knows whether a container exceeded its memory. */
const OOM_DELAY = 300;
/** Milliseconds after which an engine reports that a builder has ended. */
const END_DELAY = 1_000;
/** Lines, and characters of each, that a message quotes. */
const MAX_LINES = 3;
const MAX_LENGTH = 300;

/** The last lines of a builder's standard error. */
export class Tail {
  #text = '';

  add(text: string): void {
    this.#text = (this.#text + text).slice(-MAX_LINES * MAX_LENGTH);
  }

  /** Without blank lines, the oldest first. */
  lines(): readonly string[] {
    const lines = this.#text.split(/\r?\n|\r/).filter((line) => line.trim() !== '');
    return lines.slice(-MAX_LINES).map((line) => line.trim().slice(0, MAX_LENGTH));
  }
}

/** The error for an exit code other than 0: BUILDER_FAILED of kind builder. */
export function exited(
  name: string,
  code: number,
  state: ContainerState | undefined,
  lines: readonly string[],
): DockerceptionError {
  const isOutOfMemory = state?.outOfMemory === true;
  const meaning = isOutOfMemory ? 'it ran out of memory' : CODES[code];
  const what = meaning === undefined ? `it exited with ${code}` : `${meaning}, exit code ${code}`;
  const plain = lines.map((line) => plainText(line).trim()).filter((line) => line !== '');
  const said = plain.length > 0 ? `; its last lines: ${plain.join(' | ')}` : '';
  const message = `running ${name}: ${what}${said}`;
  const hint = isOutOfMemory
    ? 'give the engine more memory, or the builder less to do at once'
    : 'nothing was built; `keep` keeps the container for a look';
  return new DockerceptionError('builder', 'BUILDER_FAILED', message, { hint });
}

/** The error for a builder that ran too long: BUILDER_TIMEOUT of kind builder. */
export function timedOut(name: string, milliseconds: number): DockerceptionError {
  const message = `running ${name}: it was still running after ${milliseconds / 1000} s, and was killed`;
  const hint = '`timeout` gives it longer';
  return new DockerceptionError('builder', 'BUILDER_TIMEOUT', message, { hint });
}

/**
 * The state of a builder that has failed; undefined if the engine does not report it.
 *
 * @param lines its last lines: a shell reports that a child was killed before the engine knows why.
 */
export async function stateAtEnd(
  container: Pick<Container, 'inspect'>,
  lines: readonly string[],
  signal: AbortSignal,
): Promise<ContainerState | undefined> {
  const state = await container.inspect(signal).catch(() => undefined);
  if (state?.outOfMemory !== false || !/Killed$/.test(lines.at(-1) ?? '')) return state;
  await pause(OOM_DELAY, signal);
  return container.inspect(signal).catch(() => undefined);
}

/** Whether a builder is running, and still is a second later: Podman reports one that has just ended as running for a moment. */
export async function runsOn(
  container: Pick<Container, 'inspect'>,
  signal: AbortSignal,
): Promise<boolean> {
  const isRunning = async (): Promise<boolean> =>
    (await container.inspect(signal).catch(() => undefined))?.running === true;
  if (!(await isRunning())) return false;
  await sleep(END_DELAY, undefined, { signal }).catch(() => undefined);
  return isRunning();
}

/**
 * Rejects with ENGINE_UNREACHABLE if the builder was killed by an engine that shuts down, which kills its containers
 * first. A slow engine is no reason.
 */
export async function refuseGone(
  code: number,
  connection: { ping(signal: AbortSignal): Promise<unknown> },
  signal: AbortSignal,
): Promise<void> {
  if (!KILLED.includes(code)) return;
  const timeout = AbortSignal.timeout(SHUTDOWN_TIME);
  const either = AbortSignal.any([signal, timeout]);
  try {
    for (;;) {
      await connection.ping(either);
      await sleep(PING_INTERVAL, undefined, { signal: either });
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!timeout.aborted) throw error;
  }
}
