/**
 * The schema of a set of options: for each key the check of its value, its default, and the flags of the command line that
 * set it. Types, checks, defaults, the command line and its documentation derive from it.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import {
  abortSignal,
  amount,
  callback,
  type Check,
  checkMembers,
  environment,
  flag,
  isObject,
  listOf,
  recordOf,
  type Refusal,
  show,
} from './values.js';

/** The verbs of the command line. */
export const VERBS = [
  'build',
  'filter',
  'inspect',
  'doctor',
  'plugin',
  'completion',
  'help',
  'version',
] as const;

export type Verb = (typeof VERBS)[number];

/** The groups of flags, in the order in which the help shows them, and the verbs that have them. */
export const FLAG_GROUPS = {
  Builder: ['build', 'filter'],
  Edits: ['build', 'filter'],
  Dockerfile: ['build', 'filter'],
  Strictness: ['build', 'filter'],
  Image: ['build'],
  BuildKit: ['build'],
  'Engine and output': ['build'],
  Output: ['filter'],
  View: ['inspect'],
  Target: ['inspect'],
  Limits: ['inspect', 'build'],
  Check: ['build'],
  Report: ['doctor'],
  Help: VERBS,
} as const satisfies Readonly<Record<string, readonly Verb[]>>;

export type FlagGroup = keyof typeof FLAG_GROUPS;

/** An option of the command line. */
export interface Flag {
  /** Without dashes. */
  readonly name: string;
  readonly short: string | undefined;
  /** What the help calls the value; undefined if the flag is on or off. */
  readonly value: string | undefined;
  /** Whether the value may be left out, and is attached: `--insecure`, `--insecure=HOST`. */
  readonly optional: boolean;
  /** Whether it may be given several times. */
  readonly many: boolean;
  readonly group: FlagGroup;
  readonly verbs: readonly Verb[];
  readonly help: string;
  /** Whether the short help shows it. */
  readonly isCommon: boolean;
  /** What a shell completes: texts, and `<file>`, `<folder>`, `<image>`, `<builder>` for those that exist. */
  readonly values: readonly string[];
}

/** An option. `D` is the type of its default: `T`, or undefined if it has none. */
export interface Option<T, D> {
  readonly check: Check<T>;
  readonly fallback: () => D;
  readonly flags: readonly Flag[];
}

export type Schema = Readonly<Record<string, Option<unknown, unknown>>>;

/** An option with a default, which `fallback` returns. */
export function option<T>(check: Check<T>, fallback: () => NoInfer<T>, ...flags: Flag[]) {
  return { check, fallback, flags } satisfies Option<T, T>;
}

/** An option that may stay undefined. */
export function optional<T>(check: Check<T>, ...flags: Flag[]): Option<T, undefined> {
  return { check, fallback: () => undefined, flags };
}

/** An option that is true or false, by default false. */
export function toggle(...flags: Flag[]) {
  return option(flag, () => false, ...flags);
}

/** A list, by default empty. */
export function list<T>(check: Check<T>, ...flags: Flag[]) {
  return option(listOf(check), () => [], ...flags);
}

/** Names with strings, by default none. */
export function record(check: Check<string>, ...flags: Flag[]) {
  return option(recordOf(check), () => ({}), ...flags);
}

/** An upper bound, by default Infinity. */
export function bound(...flags: Flag[]) {
  return option(amount, () => Infinity, ...flags);
}

/** A function that receives events, which are ignored by default. */
export function receiver<E>() {
  return option(callback<(event: E) => void>(), () => () => undefined);
}

/** A signal that aborts, by default never. */
export const signal = option(abortSignal, () => new AbortController().signal);
/** An environment, by default that of the process. */
export const env = option(environment, () => process.env);

const USAGE =
  /^(?:-(?<short>.), )?--(?<name>[a-z-]+)(?: (?<value>\S+)|\[=(?<attached>\S+)\])?(?<many> \.\.\.)?$/;

/** A flag's properties that its usage does not show. */
type FlagDetails = Partial<Pick<Flag, 'verbs' | 'isCommon' | 'values'>>;

/** A flag that the short help shows. */
export const COMMON = { isCommon: true };

/** The values of flags, by what the help calls them. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  FILE: ['<file>'],
  DIR: ['<folder>'],
  REF: ['<image>'],
  BOOL: ['true', 'false'],
};

/**
 * Returns a function that makes flags of a group. A flag is written as the help shows it, with ` ...` after it if it may be
 * given several times: `-f, --file PATH`, `--add HOST[:DEST] ...`, `--insecure[=HOST] ...`, `--libs`.
 */
export function flagIn(
  group: FlagGroup,
): (usage: string, help: string, details?: FlagDetails) => Flag {
  return (usage, help, details) => {
    const { short, name = '', value, attached, many } = USAGE.exec(usage)?.groups ?? {};
    return {
      name,
      short,
      value: value ?? attached,
      optional: attached !== undefined,
      many: many !== undefined,
      group,
      verbs: FLAG_GROUPS[group],
      help,
      isCommon: false,
      values: VALUES[value ?? ''] ?? [],
      ...details,
    };
  };
}

/** Options as a caller gives them. */
export type OptionsOf<S extends Schema> = {
  readonly [K in keyof S]?: S[K] extends Option<infer T, unknown> ? T : never;
};

/** Options that were checked, with their defaults. */
export type Complete<S extends Schema> = {
  readonly [K in keyof S]: S[K] extends Option<infer T, infer D> ? T | D : never;
};

/**
 * Checks options and returns them complete and frozen.
 * @param subject what the message calls the set
 * @throws DockerceptionError `USAGE_OPTION` of kind `usage`, which names the option
 */
export function normalise<S extends Schema>(
  schema: S,
  options: OptionsOf<S>,
  subject = 'the options',
): Complete<S> {
  const given: unknown = options;
  if (!isObject(given))
    throw invalid(`reading ${subject}: ${show(given)} is not an object with options`);
  const refusal = checkMembers(given, checksOf(schema));
  if (refusal !== undefined) throw refused(refusal, subject);
  const entries = Object.entries(schema).map(([key, { fallback }]) => [
    key,
    given[key] ?? fallback(),
  ]);
  return Object.freeze(Object.fromEntries(entries)) as Complete<S>;
}

function refused({ at = '', why, shown, unknown, hint }: Refusal, subject: string): Error {
  if (unknown !== undefined) return invalid(`reading ${subject}: there is no '${unknown}'`, hint);
  const name = printable(at.replace(/^\./, ''), 80);
  return invalid(`reading the option '${name}': ${shown} ${why}`, hint);
}

/**
 * Checks an argument that isn't a set of options.
 * @throws DockerceptionError `USAGE_OPTION` of kind `usage`, which names it
 */
export function checkArgument(name: string, value: unknown, check: Check): void {
  const refusal = check(value);
  if (refusal === undefined) return;
  const { at = '', why, shown = show(value), hint } = refusal;
  throw invalid(`reading the argument '${name}${at}': ${shown} ${why}`, hint);
}

function invalid(message: string, hint?: string): DockerceptionError {
  return new DockerceptionError('usage', 'USAGE_OPTION', message, { hint });
}

/** The options of a schema among those of a larger one. */
export function pick<S extends Schema>(schema: S, options: Complete<S>): Complete<S> {
  const entries = Object.keys(schema).map((key) => [key, options[key]]);
  return Object.freeze(Object.fromEntries(entries)) as Complete<S>;
}

/** The check of each option. */
export function checksOf<S extends Schema>(schema: S): Readonly<Record<keyof S & string, Check>> {
  const entries = Object.entries(schema).map(([key, { check }]) => [key, check]);
  return Object.fromEntries(entries) as Record<keyof S & string, Check>;
}

/** The flags of several schemas. */
export function flagsOf(...schemas: readonly Schema[]): Flag[] {
  return schemas.flatMap((schema) => Object.values(schema).flatMap(({ flags }) => flags));
}
