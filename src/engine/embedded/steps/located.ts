/** Errors with the place in the Dockerfile that they come from: `building Dockerfile:3: …`. */
import { DockerceptionError, type ErrorKind } from '../../../errors.js';
import { Reason, refusal } from '../../../dockerfile/reason.js';
import { printable } from '../../../tar/printable.js';

/** Where it happened. */
export interface Place {
  /** What messages call the Dockerfile. */
  readonly file: string;
  readonly line: number;
  /** The instruction, when it says more than the error. */
  readonly text?: string;
}

/** What no line brings about: a full disk, a signal. */
const BLAMELESS: ReadonlySet<ErrorKind> = new Set(['output', 'interrupted', 'terminated']);

/** The error with its place in front; one that no line is to blame for stays as it is. */
export function located(error: unknown, { file, line, text }: Place): unknown {
  if (error instanceof Reason) return refusal(file, line, error);
  if (!(error instanceof DockerceptionError) || BLAMELESS.has(error.kind)) return error;
  const instruction = text === undefined ? '' : `: ${printable(text, 60)}`;
  return error.within(`building ${printable(file)}:${line}${instruction}`);
}
