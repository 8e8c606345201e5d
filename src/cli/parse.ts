/**
 * From the arguments to a verb and its options, in the manner of docker (pflag): `--name value`, `--name=value`,
 * `-n value`, `-nvalue`, `-n=value`, `--flag`, `--flag=false`, flags in one (`-qt app`), `--` before operands. A value
 * is the next argument whatever it looks like, and stays text. Only the options of the table exist.
 */
import type { DockerceptionError } from '../errors.js';
import { acceptDockerOption } from './docker-options.js';
import { OPTIONS, type OptionSpec, type Verb } from './options.js';
import { isTrue, usage } from './usage.js';

export { usage } from './usage.js';

/** What a command line may begin with. */
export const VERBS: readonly Verb[] = ['build', 'filter', 'inspect'];

/** A parsed command line. */
export class Arguments {
  constructor(
    readonly verb: Verb,
    readonly operands: readonly string[],
    private readonly values: ReadonlyMap<string, readonly string[]>,
    /** The arguments after `--`: a builder's command. */
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

/** Throws USAGE for an option that the verb does not have, and for a value that is missing or not allowed. */
export function parse(argv: readonly string[]): Arguments {
  const named = VERBS.find((verb) => verb === argv[0]);
  const verb = named ?? 'build';
  const specs = OPTIONS.filter((spec) => spec.verbs.includes(verb));
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  const rest = argv.slice(named === undefined ? 0 : 1);
  const next = (): string | undefined => rest.shift();
  for (let argument = next(); argument !== undefined; argument = next()) {
    if (argument === '--') break;
    if (!argument.startsWith('-') || argument === '-') {
      operands.push(argument);
      continue;
    }
    const [, long, attached] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    const [, short, behind = ''] = /^-([^-=])(.*)$/s.exec(argument) ?? [];
    const spec = specs.find((one) =>
      long === undefined ? short !== undefined && one.short === short : one.name === long,
    );
    if (spec === undefined) {
      const written =
        long === undefined
          ? { name: short ?? '', value: behind || undefined }
          : { name: long, value: attached };
      if (acceptDockerOption(written, verb, next)) continue;
      throw unknownOption(argument, verb, specs);
    }
    if (spec.optional === true) {
      // As for a flag, true and false are no value.
      const on = attached === undefined ? true : isTrue(attached);
      if (on === false) values.delete(spec.name);
      else set(values, spec, on === true ? '' : (attached ?? ''));
    } else if (spec.value === undefined) {
      set(values, spec, flagValue(attached, spec));
      // Letters in one argument: the others follow.
      if (behind !== '') rest.unshift(`-${behind}`);
    } else {
      const value = attached ?? (behind === '' ? next() : behind.replace(/^=/, ''));
      if (value === undefined) throw usage(`--${spec.name} needs a value: ${spec.value}`);
      checkValue(spec, value);
      set(values, spec, value);
    }
  }
  for (const { name, value } of specs)
    if (value === undefined && values.get(name)?.at(-1) === 'false') values.delete(name);
  // Without a builder there is no command: the arguments after -- are operands.
  const hasBuilder = values.has('from') || values.has('from-image');
  return hasBuilder
    ? new Arguments(verb, operands, values, rest)
    : new Arguments(verb, [...operands, ...rest], values);
}

/** The hosts of `--insecure=HOST`; `true` for `--insecure` alone. */
export function insecureOf(args: Arguments): true | readonly string[] {
  const hosts = args.all('insecure');
  if (!hosts.includes('')) return hosts;
  if (hosts.every((host) => host === '')) return true;
  throw usage('--insecure and --insecure=HOST exclude each other', 'name every host');
}

function set(values: Map<string, string[]>, { name }: OptionSpec, value: string): void {
  values.set(name, [...(values.get(name) ?? []), value]);
}

function flagValue(value: string | undefined, { name }: OptionSpec): string {
  const on = value === undefined ? true : isTrue(value);
  if (on === undefined) throw usage(`--${name} takes no value`);
  return String(on);
}

/** `docker build -c` is another option, and its value a number. */
function checkValue({ name }: OptionSpec, value: string): void {
  if (name === 'change' && /^\d+$/.test(value))
    throw usage(
      `-c takes an instruction, as for docker import, and not ${value}: docker build's --cpu-shares is not an option of this tool`,
      "as in -c 'CMD /app'",
    );
}

function unknownOption(
  argument: string,
  verb: Verb,
  specs: readonly OptionSpec[],
): DockerceptionError {
  const name = argument.replace(/^--?/, '').replace(/=.*/s, '');
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
  const shown = argument.replace(/=.*/s, '');
  return usage(`unknown option ${shown}`, suggestion(name, specs));
}

function suggestion(name: string, specs: readonly OptionSpec[]): string | undefined {
  const positive = specs.find((spec) => `no-${spec.name}` === name);
  if (positive?.value !== undefined) return `leave --${positive.name} out for its default`;
  if (positive !== undefined) return `--${positive.name}=false switches it off`;
  const near = specs.find((spec) => isNear(spec.name, name));
  return near && `did you mean --${near.name}?`;
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
