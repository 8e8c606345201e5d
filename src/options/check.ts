/**
 * Checks options at the public boundary: an object, its keys, and the type and range of each value. A set of options is
 * one table from key to check; nothing deeper repeats it.
 */
import { DockerceptionError } from '../errors.js';
import { nearest } from '../dockerfile/suggest.js';
import { printable } from '../tar/printable.js';

/** Why a value is refused. */
export interface Refusal {
  /** Where below the option: `[0].type`. @default the option itself */
  readonly at?: string;
  /** Follows the value: `is not a list of texts`. */
  readonly why: string;
  /** Replaces the value in the message. */
  readonly shown?: string;
  /** A key that its object doesn't have; `why` is empty then. */
  readonly unknown?: string;
  readonly hint?: string | undefined;
}

/** Returns undefined for a valid value, of the type `T`. It is never called with `undefined`: that is an absent option. */
export interface Check<T = unknown> {
  (value: unknown): Refusal | undefined;
  /** For the compiler alone: what it accepts. */
  readonly accepts?: T;
}

/** One check for each key. */
export type OptionTable<T> = Readonly<Record<keyof T & string, Check>>;

/**
 * Checks a set of options.
 * @param subject what the message calls the set
 * @throws DockerceptionError `USAGE_OPTION` of kind `usage`, which names the option
 */
export function checkOptions<T extends object>(
  options: T,
  table: OptionTable<T>,
  subject = 'the options',
): void {
  if (!isObject(options))
    throw invalid(`reading ${subject}: ${show(options)} is not an object with options`);
  const refusal = checkMembers(options, table);
  if (refusal === undefined) return;
  const { at = '', why, shown, unknown, hint } = refusal;
  if (unknown !== undefined) throw invalid(`reading ${subject}: there is no '${unknown}'`, hint);
  const name = printable(at.replace(/^\./, ''), 80);
  throw invalid(`reading the option '${name}': ${shown} ${why}`, hint);
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

/** The first refusal among the members of an object: of an unknown key, or of a value. */
export function checkMembers(
  value: object,
  table: Readonly<Record<string, Check>>,
): Refusal | undefined {
  for (const [key, member] of Object.entries(value)) {
    if (!Object.hasOwn(table, key)) return unknownKey(key, Object.keys(table));
    if (member === undefined) continue;
    const refusal = (table[key] as Check)(member);
    if (refusal !== undefined) return below(`.${key}`, refusal, member);
  }
  return undefined;
}

/** The refusal of a value inside another one. */
export function below(step: string, refusal: Refusal, value: unknown): Refusal {
  return {
    ...refusal,
    at: step + (refusal.at ?? ''),
    shown: refusal.shown ?? show(value),
  };
}

function unknownKey(key: string, known: readonly string[]): Refusal {
  const near = nearest(key, known);
  return {
    why: '',
    unknown: printable(key, 40),
    hint: near === undefined ? undefined : `did you mean '${near}'?`,
  };
}

/** A value as a message shows it: short, and of an object its type alone. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `'${printable(value, 40)}'`;
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? 'a list' : `an object${typeOf(value)}`;
    case 'function':
      return 'a function';
    default:
      return String(value);
  }
}

/** Its class, unless it is a plain object. */
function typeOf(value: object): string {
  const constructor: unknown = value.constructor;
  return typeof constructor === 'function' && constructor !== Object
    ? ` (${constructor.name})`
    : '';
}

/** Whether it is an object that may have options: no list, no function. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string, hint?: string): DockerceptionError {
  return new DockerceptionError('usage', 'USAGE_OPTION', message, { hint });
}
