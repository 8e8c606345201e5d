/** Adds the place in the Dockerfile to errors: `building Dockerfile:3: …`. */
import { Reason, refusal } from '../../../dockerfile/reason.js';
import { DockerceptionError, type ErrorKind } from '../../../errors.js';
import { printable } from '../../../text/printable.js';

export interface Place {
  /** The name of the Dockerfile in messages. */
  readonly file: string;
  readonly line: number;
  /** The instruction, if it adds to the message. */
  readonly text?: string;
}

/** Kinds that have no place: a full disk, a signal. */
const WITHOUT_PLACE: ReadonlySet<ErrorKind> = new Set(['output', 'interrupted', 'terminated']);

/** The error with its place. Errors of kinds without a place are returned unchanged. */
export function located(error: unknown, { file, line, text }: Place): unknown {
  if (error instanceof Reason) return refusal(file, line, error);
  if (!(error instanceof DockerceptionError) || WITHOUT_PLACE.has(error.kind)) return error;
  const instruction = text === undefined ? '' : `: ${printable(text, 60)}`;
  return error.within(`building ${printable(file)}:${line}${instruction}`);
}
