/** Exit codes, and how an error is said. */
import { DockerceptionError, type ErrorKind, messageOf, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';
import { joinLines } from '../text/trim.js';

export const EXIT_CODES: Readonly<Record<ErrorKind, number>> = {
  build: 1,
  output: 1,
  usage: 2,
  context: 3,
  builder: 4,
  engine: 5,
  limit: 6,
  interrupted: 130,
  terminated: 143,
};

export function exitCodeOf(error: unknown): number {
  return error instanceof DockerceptionError ? EXIT_CODES[error.kind] : 1;
}

/**
 * One line that says what failed, and one with what to do when that is known; before them the Dockerfile's lines.
 * @param reword changes the message and the hint
 */
export function describe(error: unknown, reword = (text: string): string => text): string {
  const lines = [`dockerception: ${oneLine(reword(messageOf(error)))}`];
  const hint = hintOf(error);
  if (hint !== undefined) lines.push(`hint: ${oneLine(reword(hint))}`);
  if (error instanceof DockerceptionError && error.excerpt !== undefined)
    lines.unshift(error.excerpt);
  return `${lines.join('\n')}\n`;
}

function hintOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (/^(?:EMFILE|ENFILE)$/.test(systemCode(cause) ?? ''))
      return 'this process may open too few files: `ulimit -n 1024` allows more';
  return error instanceof DockerceptionError ? error.hint : undefined;
}

function oneLine(text: string): string {
  // Whatever a name had in it: a terminal must not act on it.
  return printable(joinLines(text.trim(), ' | '), Infinity);
}
