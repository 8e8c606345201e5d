/**
 * From the arguments to a verb and its options, in the manner of docker (pflag): `--name value`, `--name=value`,
 * `-n value`, `-nvalue`, `-n=value`, `--flag`, `--flag=false`, flags in one (`-qt app`), `--` before operands. A value
 * is the next argument whatever it looks like, and stays text. Only the options of the table exist: each is written
 * as `--name=value` before minimist reads it, which would take `-tapp` for four flags and `--no-tag` for a value.
 */
import minimist from 'minimist';
import type { DockerceptionError } from '../../errors.js';
import {
  type Flag,
  flagsOf,
  type OptionsOf,
  type Schema,
  type Verb,
  VERBS,
} from '../../options/schema.js';
import { parseBoolean } from '../../options/values.js';
import { acceptDockerOption } from './docker-options.js';
import { OPTIONS, usage } from './flags.js';

export class Arguments {
  constructor(
    readonly verb: Verb,
    readonly operands: readonly string[],
    private readonly values: ReadonlyMap<string, readonly string[]>,
    /** The arguments after `--`, if there is a builder: its command. */
    readonly command: readonly string[],
  ) {}

  /** What the only operand names. @default standard input */
  get operand(): string {
    return this.operands[0] ?? '-';
  }

  /** Whether one of these is given; a flag that is false isn't. */
  has(...names: readonly string[]): boolean {
    return names.some((name) => this.values.has(name));
  }

  /** The last value: a later option overrules an earlier one. */
  value(name: string): string | undefined {
    return this.values.get(name)?.at(-1);
  }

  /** The last value, as `parse` reads it; `option` is its name in messages. */
  parsed<T>(name: string, parse: (text: string, option: string) => T): T | undefined {
    const text = this.value(name);
    return text === undefined ? undefined : parse(text, `--${name}`);
  }

  all(name: string): readonly string[] {
    return this.values.get(name) ?? [];
  }

  /** The first flag of a schema that is given. */
  firstOf(schema: Schema): Flag | undefined {
    return flagsOf(schema).find(({ name }) => this.has(name));
  }

  /** The options of a schema: those of `converted`, and the others as their flags are written. */
  options<S extends Schema, C extends OptionsOf<S>>(schema: S, converted: C): OptionsOf<S> & C {
    const entries = Object.entries(schema).flatMap(([key, { flags }]) =>
      flags.slice(0, 1).map((flag) => [key, this.#plain(flag)]),
    );
    return { ...(Object.fromEntries(entries) as OptionsOf<S>), ...converted };
  }

  #plain({ name, value, many, optional }: Flag): unknown {
    if (value === undefined) return this.has(name);
    const values = this.all(name);
    if (!optional) return many ? values : values.at(-1);
    // `--insecure=HOST` has values, `--insecure` alone is true.
    if (!values.includes('')) return values;
    if (values.every((value) => value === '')) return true;
    throw usage('--insecure and --insecure=HOST exclude each other', 'name every host');
  }
}

/** Throws USAGE for an option that the verb does not have, and for a value that is missing or not allowed. */
export function parse(argv: readonly string[]): Arguments {
  const named = VERBS.find((verb) => verb === argv[0]);
  const verb = named ?? 'build';
  const specs = OPTIONS.filter((spec) => spec.verbs.includes(verb));
  let written: string[] = [];
  const add = (name: string, value: string): void => void written.push(`--${name}=${value}`);
  const rest = argv.slice(named === undefined ? 0 : 1);
  const next = (): string | undefined => rest.shift();
  for (let argument = next(); argument !== undefined && argument !== '--'; argument = next()) {
    if (!argument.startsWith('-') || argument === '-') {
      written.push(argument);
      continue;
    }
    const [, long, attached] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    const [, short, attachedText = ''] = /^-([^-=])(.*)$/s.exec(argument) ?? [];
    const spec = specs.find((one) =>
      long === undefined ? short !== undefined && one.short === short : one.name === long,
    );
    if (spec === undefined) {
      const value = long === undefined ? attachedText || undefined : attached;
      if (acceptDockerOption(long ?? short ?? '', value, verb, next)) continue;
      throw unknownOption(argument, verb, specs);
    }
    const { name } = spec;
    if (spec.value !== undefined && !spec.optional) {
      const value = attached ?? (attachedText === '' ? next() : attachedText.replace(/^=/, ''));
      if (value === undefined) throw usage(`--${name} needs a value: ${spec.value}`);
      checkValue(spec, value);
      add(name, value);
      continue;
    }
    // True and false are no value: false takes back what was given before.
    const on = attached === undefined ? true : parseBoolean(attached);
    if (on === false) written = written.filter((one) => !one.startsWith(`--${name}=`));
    else if (spec.optional) add(name, on === true ? '' : (attached ?? ''));
    else if (on === undefined) throw usage(`--${name} takes no value`);
    else add(name, 'true');
    // Letters in one argument: the others follow.
    if (attachedText !== '') rest.unshift(`-${attachedText}`);
  }
  const { _: operands, ...parsed } = minimist(written, {
    string: [...specs.map(({ name }) => name), '_'],
  }) as minimist.ParsedArgs & Record<string, string | readonly string[]>;
  const values = new Map(
    Object.entries(parsed).map(([name, value]) => [name, [value].flat()] as const),
  );
  // Without a builder there is no command: the arguments after -- are operands.
  const hasBuilder = values.has('from') || values.has('from-image');
  if (!hasBuilder) operands.push(...rest.splice(0));
  return new Arguments(verb, operands, values, rest);
}

/** `docker build -c` is another option, and its value a number. */
function checkValue({ name }: Flag, value: string): void {
  if (name === 'change' && /^\d+$/.test(value))
    throw usage(
      `-c takes an instruction, as for docker import, and not ${value}: docker build's --cpu-shares is not an option of this tool`,
      "as in -c 'CMD /app'",
    );
}

function unknownOption(argument: string, verb: Verb, specs: readonly Flag[]): DockerceptionError {
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

function suggestion(name: string, specs: readonly Flag[]): string | undefined {
  const positive = specs.find((spec) => `no-${spec.name}` === name);
  if (positive?.value !== undefined) return `leave --${positive.name} out for its default`;
  if (positive !== undefined) return `--${positive.name}=false switches it off`;
  const near = specs.find((spec) => isNear(spec.name, name));
  return near && `did you mean --${near.name}?`;
}

/** Whether the name begins with what was typed, or differs from it by one letter or two adjacent ones. */
function isNear(known: string, typed: string): boolean {
  if (typed.length > 2 && known.startsWith(typed)) return true;
  if (typed.length < 3 || Math.abs(known.length - typed.length) > 1) return false;
  let front = 0;
  while (front < known.length && known[front] === typed[front]) front++;
  let back = 0;
  while (back < known.length - front && known.at(-1 - back) === typed.at(-1 - back)) back++;
  return Math.max(known.length, typed.length) - front - back <= 2;
}
