/**
 * From the arguments to a verb and its options: minimist does the parsing, the table says what
 * there is. Throws USAGE for what isn't.
 */
import minimist from 'minimist';
import { DockerceptionError } from '../errors.js';
import { OPTIONS, type OptionSpec, type Verb } from './options.js';

/** What a command line may begin with. */
export const VERBS: readonly Verb[] = ['build', 'filter', 'inspect'];

/** A parsed command line. */
export class Arguments {
  constructor(
    readonly verb: Verb,
    readonly operands: readonly string[],
    private readonly values: ReadonlyMap<string, readonly string[]>,
    /** What stands behind `--`: a builder's command. */
    readonly command: readonly string[] = [],
  ) {}

  flag(name: string): boolean {
    return this.values.get(name)?.at(-1) === 'true';
  }

  /** The last value: a later option overrules an earlier one. */
  value(name: string): string | undefined {
    return this.values.get(name)?.at(-1);
  }

  all(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }
}

export function parse(argv: readonly string[]): Arguments {
  const named = VERBS.find((verb) => verb === argv[0]);
  const verb = named ?? 'build';
  const specs = OPTIONS.filter((spec) => spec.verbs.includes(verb));
  const unknown: string[] = [];
  const { expanded, behind } = expand(argv.slice(named === undefined ? 0 : 1), specs);
  const parsed = minimist(expanded, {
    string: [...specs.filter((spec) => spec.value !== undefined).map((spec) => spec.name), '_'],
    boolean: specs.filter((spec) => spec.value === undefined).map((spec) => spec.name),
    unknown: (argument) => {
      if (!/^-./.test(argument)) return true;
      unknown.push(argument);
      return false;
    },
  });
  if (unknown.length > 0) throw unknownOption(unknown[0] as string, verb, specs);
  const values = new Map<string, readonly string[]>();
  for (const spec of specs) {
    const value = parsed[spec.name] as string | boolean | readonly (string | boolean)[] | undefined;
    if (value === undefined || value === false) continue;
    values.set(spec.name, [value].flat().map(String));
  }
  // Without a builder there is nothing to command: these are operands, whatever they start with.
  const hasBuilder = values.has('from') || values.has('from-image');
  return hasBuilder
    ? new Arguments(verb, parsed._, values, behind)
    : new Arguments(verb, [...parsed._, ...behind], values);
}

/**
 * Writes every option as `--name=value`: minimist would take `-tapp` for four flags, a value with
 * a dash in front for an option, and `--no-cache` for the opposite of `--cache`.
 */
function expand(
  argv: readonly string[],
  specs: readonly OptionSpec[],
): { readonly expanded: string[]; readonly behind: readonly string[] } {
  const expanded: string[] = [];
  const rest = [...argv];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--') break;
    const long = /^--([^=]+)(?:=(.*))?$/s.exec(argument);
    const short = /^-([A-Za-z])(.*)$/s.exec(argument);
    const spec = specs.find((one) => one.name === long?.[1] || (short && one.short === short[1]));
    if (spec === undefined) {
      expanded.push(argument);
    } else if (spec.value === undefined) {
      expanded.push(`--${spec.name}=${flagValue(long?.[2], spec)}`);
      if (short?.[2]) rest.unshift(`-${short[2]}`);
    } else {
      const attached = long ? long[2] : short?.[2] ? short[2].replace(/^=/, '') : undefined;
      expanded.push(`--${spec.name}=${attached ?? nextValue(rest, spec)}`);
    }
  }
  return { expanded, behind: rest };
}

function nextValue(rest: string[], spec: OptionSpec): string {
  const value = rest.shift();
  if (value !== undefined) return value;
  throw usage(`--${spec.name} needs a value: ${spec.value}`);
}

function flagValue(value: string | undefined, spec: OptionSpec): string {
  if (value === undefined || value === 'true' || value === 'false') return value ?? 'true';
  throw usage(`--${spec.name} takes no value`);
}

function unknownOption(
  argument: string,
  verb: Verb,
  specs: readonly OptionSpec[],
): DockerceptionError {
  const name = argument.replace(/^-+/, '').replace(/=.*/s, '');
  const short = /^-[A-Za-z]/.test(argument) ? argument[1] : undefined;
  const elsewhere = OPTIONS.find(
    (spec) => spec.name === name || (short !== undefined && spec.short === short),
  );
  if (elsewhere !== undefined) {
    return usage(
      `'${verb}' has no option --${elsewhere.name}`,
      `it belongs to 'dockerception ${elsewhere.verbs[0]}'`,
    );
  }
  const near = specs.find((spec) => isNear(spec.name, name));
  const shown = argument.replace(/=.*/s, '');
  return usage(`unknown option ${shown}`, near ? `did you mean --${near.name}?` : undefined);
}

/** Whether one name is the other with a letter more, less or different, or its beginning. */
function isNear(known: string, typed: string): boolean {
  if (typed.length > 2 && known.startsWith(typed)) return true;
  if (typed.length < 3 || Math.abs(known.length - typed.length) > 1) return false;
  let front = 0;
  while (front < known.length && known[front] === typed[front]) front++;
  let back = 0;
  while (back < known.length - front && known.at(-1 - back) === typed.at(-1 - back)) back++;
  return Math.max(known.length, typed.length) - front - back <= 2;
}

/** An error of the command line. */
export function usage(
  why: string,
  hint = 'dockerception --help lists the options',
): DockerceptionError {
  return new DockerceptionError('usage', 'USAGE', `reading the command line: ${why}`, { hint });
}
