/** Errors of the command line, and the values that flags accept. */
import { DockerceptionError } from '../errors.js';

/** An error of the command line. */
export function usage(
  why: string,
  hint = 'dockerception --help lists the options',
): DockerceptionError {
  return new DockerceptionError('usage', 'USAGE', `reading the command line: ${why}`, { hint });
}

const TRUE = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const FALSE = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/** A flag's value as docker reads it (Go, strconv.ParseBool); undefined for anything else. */
export function isTrue(value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  return TRUE.includes(value) ? true : FALSE.includes(value) ? false : undefined;
}
