/** An image that isn't found, where a stage with nearly its name may have been meant. */
import type { Dockerfile } from '../../../dockerfile/instruction.js';
import { nearest } from '../../../dockerfile/suggest.js';
import { DockerceptionError } from '../../../errors.js';
import { printable } from '../../../tar/printable.js';

/** The error, with the stage in its hint when one is near enough; else as it is. */
export function orStage(error: unknown, name: string, { stages }: Dockerfile): unknown {
  if (!(error instanceof DockerceptionError)) return error;
  const names = stages.map((stage) => stage.name).filter((each) => each !== undefined);
  const stage = nearest(name.toLowerCase(), names);
  if (stage === undefined) return error;
  const { kind, code, message, cause } = error;
  const hint = `there is no stage ${printable(name)}; the nearest is ${printable(stage)}`;
  return new DockerceptionError(kind, code, message, { cause, hint });
}
