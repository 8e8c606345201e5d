/** Why a builder counts as failed, in one line: its exit code, and the last that it said. */
import type { ContainerState } from '../engine/docker/index.js';
import { DockerceptionError } from '../errors.js';
import { plainText } from '../text/terminal.js';

/** What the codes of `docker run` and of shells mean, beside what a program says itself. */
const CODES: Readonly<Record<number, string>> = {
  126: 'its command can’t be run',
  127: 'its command is not there',
  137: 'it was killed',
  139: 'it crashed',
  143: 'it was terminated',
};

/** The failure that an exit code other than 0 is; BUILDER_FAILED of kind builder. */
export function exited(
  name: string,
  code: number,
  state: ContainerState | undefined,
  lines: readonly string[],
): DockerceptionError {
  const memory = state?.outOfMemory === true;
  const meaning = memory ? 'it ran out of memory' : CODES[code];
  const what = meaning === undefined ? `it exited with ${code}` : `${meaning}, exit code ${code}`;
  const plain = lines.map((line) => plainText(line).trim());
  const said = plain.filter((line) => line !== '').join(' | ');
  return new DockerceptionError(
    'builder',
    'BUILDER_FAILED',
    `running ${name}: ${what}${said === '' ? '' : `; its last lines: ${said}`}`,
    {
      hint: memory
        ? 'give the engine more memory, or the builder less to do at once'
        : 'nothing was built; --keep-builder keeps the container for a look',
    },
  );
}

/** A builder that took too long; BUILDER_TIMEOUT of kind builder. */
export function timedOut(name: string, milliseconds: number): DockerceptionError {
  return new DockerceptionError(
    'builder',
    'BUILDER_TIMEOUT',
    `running ${name}: it was still running after ${milliseconds / 1000} s, and was killed`,
    { hint: '--timeout gives it longer' },
  );
}
