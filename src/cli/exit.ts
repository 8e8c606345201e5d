/** Exit codes, and how an error is said. */
import { DockerceptionError, type ErrorKind, messageOf, systemCode } from '../errors.js';
import { printable } from '../text/printable.js';
import { joinLines } from '../text/trim.js';
import { flagsOfOption } from './flags.js';

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

/** One line that says what failed, and one with what to do when that is known; before them the Dockerfile's lines. */
export function describe(error: unknown): string {
  const lines = [`dockerception: ${oneLine(messageOf(error))}`];
  const hint = hintOf(error);
  if (hint !== undefined) lines.push(`hint: ${oneLine(hint)}`);
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
  return printable(joinLines(withFlags(text).trim(), ' | '), Infinity);
}

/** How errors of the library name an option: `owner`, `owner: 1000:1000`, or "the option 'owner'". */
const OPTION = /`(\w+)(?:: ([^`]+))?`|the option '(\w+)(?:\.(\w+))?[^']*'/g;

/** Names options by their flags: --owner, --owner 1000:1000. A value is a part of some flags: --keep-owner. */
function withFlags(text: string): string {
  return text.replace(OPTION, (...groups: (string | undefined)[]) => {
    const [whole, short, value, long, member] = groups as [string, ...(string | undefined)[]];
    const name = short ?? long ?? '';
    const flags = flagsOfOption(name);
    const special = [`${value}-${name}`, `${name}-${member}`];
    const part = flags.find((flag) => special.includes(flag.name));
    const flag = part ?? flags[0];
    if (flag === undefined) return whole;
    const isShort = flag.short !== undefined && long === undefined;
    const shown = isShort ? `-${flag.short}` : `--${flag.name}`;
    if (value === undefined || part !== undefined) return shown;
    return `${shown}${flag.optional ? '=' : ' '}${value}`;
  });
}
