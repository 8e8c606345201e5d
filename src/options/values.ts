/** Checks of values: how they refuse a value, and the checks that options share. */
import type { Writable } from 'node:stream';
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import { nearest } from '../text/suggest.js';

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

/** The first refusal among the members of an object: of an unknown key, or of a value. */
export function checkMembers(
  value: object,
  table: Readonly<Record<string, Check>>,
): Refusal | undefined {
  return firstRefusal(Object.entries(value), (member, key) => {
    if (Object.hasOwn(table, key)) return member === undefined ? undefined : table[key]?.(member);
    return {
      why: '',
      unknown: printable(key, 40),
      hint: didYouMean(nearest(key, Object.keys(table))),
    };
  });
}

/** The first refusal among the members of a list or an object. */
function firstRefusal<K extends string | number>(
  members: Iterable<readonly [key: K, value: unknown]>,
  check: (value: unknown, key: K) => Refusal | undefined,
): Refusal | undefined {
  for (const [key, value] of members) {
    const refusal = check(value, key);
    if (refusal === undefined) continue;
    const step = typeof key === 'number' ? `[${key}]` : `.${key}`;
    return { shown: show(value), ...refusal, at: step + (refusal.at ?? '') };
  }
  return undefined;
}

function didYouMean(name: string | undefined): string | undefined {
  return name && `did you mean '${name}'?`;
}

/** A value as a message shows it: short, and of an object its type alone. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${printable(value, 40)}'`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  if (!isObject(value)) return String(value);
  const constructor: unknown = value.constructor;
  const isPlain = typeof constructor !== 'function' || constructor === Object;
  return isPlain ? 'an object' : `an object (${constructor.name})`;
}

/** Whether it is an object that may have options: no list, no function. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A check with a predicate; `what` completes "… is not …". */
export function is<T>(what: string, accepts: (value: unknown) => boolean, hint?: string): Check<T> {
  return (value) => (accepts(value) ? undefined : { why: `is not ${what}`, hint });
}

/** A boolean as docker reads it (Go, strconv.ParseBool); undefined for any other text. */
export function parseBoolean(text = ''): boolean | undefined {
  const isBoolean = /^(?:[01tfTF]|true|TRUE|True|false|FALSE|False)$/.test(text);
  return isBoolean ? /^[1tT]/.test(text) : undefined;
}

/** A string that matches the pattern. */
export function matching(what: string, pattern: RegExp): Check<string> {
  return is(what, (value) => typeof value === 'string' && pattern.test(value));
}

export const text = is<string>('a string', (value) => typeof value === 'string');
export const nonEmptyText = matching('a string of at least one character', /./s);
export const flag = is<boolean>('true or false', (value) => typeof value === 'boolean');
/** A function of the type `T`, which is not checked further. */
export function callback<T>(): Check<T> {
  return is('a function', (value) => typeof value === 'function');
}
export const object = is<object>('an object', isObject);

/** A number that `accepts` accepts; `what` completes "is not …". */
export function number(what: string, accepts: (value: number) => boolean, hint?: string) {
  return is<number>(what, (value) => typeof value === 'number' && accepts(value), hint);
}
export const count = number(
  'a whole number from 0 up',
  (value) => Number.isSafeInteger(value) && value >= 0,
);
/** Infinity is no bound. */
export const amount = number('a number from 0 up', (value) => value >= 0);
/** Seconds since 1970, with a fraction or without. */
export const time = number(
  'a number of seconds since 1970',
  (value) => Math.abs(value) < 2 ** 53,
  'a Date as seconds: date.getTime() / 1000',
);
/** Milliseconds; a timer with more would fire at once. */
const MAX_TIMER = 2 ** 31 - 1;
export const duration = number(
  `a number of milliseconds up to ${MAX_TIMER}`,
  (value) => value > 0 && value <= MAX_TIMER,
);
export const port = number(
  'a port from 1 to 65535',
  (value) => Number.isInteger(value) && value >= 1 && value <= 65_535,
);

/** One of these names; a hint offers the nearest. */
export function oneOf<N extends string>(names: readonly N[]): Check<N> {
  return (value) => {
    if (names.some((name) => name === value)) return undefined;
    const near = typeof value === 'string' ? nearest(value, names, false) : undefined;
    return { why: `is not one of ${names.join(', ')}`, hint: didYouMean(near) };
  };
}

/** A string that a parser reads; what it throws becomes the hint. */
export function parsed(what: string, parse: (text: string) => unknown): Check<string> {
  return (value) => {
    if (typeof value !== 'string') return { why: `is not ${what}` };
    try {
      parse(value);
      return undefined;
    } catch (error) {
      if (!(error instanceof DockerceptionError)) throw error;
      const reason = error.message.replace(/^reading .*?: (?=\S)/, '');
      return { why: `is not ${what}: ${reason}`, hint: error.hint };
    }
  };
}

export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return { why: 'is not a list', hint: 'as in ["a", "b"]' };
    return firstRefusal(value.entries(), check);
  };
}

/** An object whose keys are free. */
export function recordOf<T>(check: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isObject(value)) return { why: 'is not an object', hint: 'as in { name: "value" }' };
    return firstRefusal(Object.entries(value), check);
  };
}

/** An object with these members; those of `required` have to be there. */
export function shape<T>(
  members: Readonly<Record<keyof T & string, Check>>,
  required: readonly (keyof T & string)[] = [],
): Check<T> {
  return (value) => {
    if (!isObject(value)) return { why: 'is not an object', hint: `with ${list(members)}` };
    const missing = required.find((key) => value[key] === undefined);
    if (missing !== undefined) return { why: `has no '${missing}'`, hint: `with ${list(members)}` };
    const refusal = checkMembers(value, members);
    if (refusal?.unknown === undefined) return refusal;
    // The object that has an unknown key is at fault.
    return { why: `has an unknown '${refusal.unknown}'`, hint: refusal.hint };
  };
}

function list(members: object): string {
  return `{ ${Object.keys(members).join(', ')} }`;
}

/** The first check that accepts the value; else `what`, with the refusal of an object's members. */
export function anyOf<T>(what: string, checks: readonly Check<T>[], hint?: string): Check<T> {
  return (value) => {
    let deepest: Refusal | undefined;
    for (const check of checks) {
      const refusal = check(value);
      if (refusal === undefined) return undefined;
      if (refusal.at !== undefined) deepest = refusal;
    }
    return deepest ?? { why: `is not ${what}`, hint };
  };
}

/** `HOST:IP` of `--add-host`. */
export const hostAddress = matching('HOST:IP', /^[^:=]+:.+$/);

/** Variables, as of `process.env`. */
export const environment: Check<NodeJS.ProcessEnv> = (value) => {
  if (!isObject(value)) return { why: 'is not an object with variables' };
  return firstRefusal(Object.entries(value), (text) => {
    if (text === undefined || typeof text === 'string') return undefined;
    // The value may be a secret.
    return { shown: 'its value', why: 'is not a string' };
  });
};

function withMethods<T>(what: string, ...names: readonly string[]): Check<T> {
  const has = (value: unknown, name: string): boolean =>
    isObject(value) && typeof value[name] === 'function';
  return is(what, (value) => names.every((name) => has(value, name)));
}
export const abortSignal = withMethods<AbortSignal>(
  'an AbortSignal',
  'addEventListener',
  'throwIfAborted',
);
export const writable = withMethods<Writable>('a writable stream', 'write', 'on');
