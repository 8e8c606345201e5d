/** Checks of single values, and of lists, records and objects of them. */
import type { Writable } from 'node:stream';
import { DockerceptionError } from '../errors.js';
import { nearest } from '../text/suggest.js';
import { below, type Check, checkMembers, isObject, type Refusal, show } from './check.js';

/** A check with a predicate; `what` completes "… is not …". */
export function is<T>(what: string, accepts: (value: unknown) => boolean, hint?: string): Check<T> {
  return (value) => (accepts(value) ? undefined : { why: `is not ${what}`, hint });
}

export const text = is<string>('a string', (value) => typeof value === 'string');
export const nonEmptyText = is<string>(
  'a string with a character at least',
  (value) => typeof value === 'string' && value !== '',
);
export const flag = is<boolean>('true or false', (value) => typeof value === 'boolean');
/** A function of the type `T`, which is not checked further. */
export function callback<T>(): Check<T> {
  return is('a function', (value) => typeof value === 'function');
}
export const object = is<object>('an object', isObject);

/** Zero and more, without a fraction. */
export const count = is<number>(
  'a whole number from 0 up',
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);
/** Zero and more; Infinity for no bound. */
export const amount = is<number>(
  'a number from 0 up',
  (value) => typeof value === 'number' && value >= 0,
);
/** Seconds since 1970, with a fraction or without. */
export const time = is<number>(
  'a number of seconds since 1970',
  (value) => typeof value === 'number' && Math.abs(value) < 2 ** 53,
  'a Date as seconds: date.getTime() / 1000',
);
/** A timer takes no more: it would fire at once. */
const MAX_TIMER = 2 ** 31 - 1;
/** Milliseconds that a timer accepts. */
export const duration = is<number>(
  `a number of milliseconds up to ${MAX_TIMER}`,
  (value) => typeof value === 'number' && value > 0 && value <= MAX_TIMER,
);
export const port = is<number>(
  'a port from 1 to 65535',
  (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65_535,
);

/** One of these names; a hint offers the nearest. */
export function oneOf<N extends string>(names: readonly N[]): Check<N> {
  return (value) => {
    if (names.some((name) => name === value)) return undefined;
    const near = typeof value === 'string' ? nearest(value, names, false) : undefined;
    return {
      why: `is not one of ${names.join(', ')}`,
      hint: near === undefined ? undefined : `did you mean '${near}'?`,
    };
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
    for (const [index, member] of value.entries()) {
      const refusal = check(member);
      if (refusal !== undefined) return below(`[${index}]`, refusal, member);
    }
    return undefined;
  };
}

/** An object whose keys are free. */
export function recordOf<T>(check: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value) => {
    if (!isObject(value)) return { why: 'is not an object', hint: 'as in { name: "value" }' };
    for (const [key, member] of Object.entries(value)) {
      const refusal = check(member);
      if (refusal !== undefined) return below(`.${key}`, refusal, member);
    }
    return undefined;
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
    if (missing !== undefined)
      return { why: `has no '${missing}'`, shown: show(value), hint: `with ${list(members)}` };
    const refusal = checkMembers(value, members);
    if (refusal?.unknown === undefined) return refusal;
    // The object that has an unknown key is at fault.
    return { why: `has an unknown '${refusal.unknown}'`, shown: show(value), hint: refusal.hint };
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

/** `HOST:IP`, as of `--add-host`. */
export const hostAddress = is<string>(
  'HOST:IP',
  (value) => typeof value === 'string' && /^[^:=]+:.+$/.test(value),
);

/** Variables, as of `process.env`. */
export const environment: Check<NodeJS.ProcessEnv> = (value) => {
  if (!isObject(value)) return { why: 'is not an object with variables' };
  const odd = Object.keys(value).find(
    (key) => value[key] !== undefined && typeof value[key] !== 'string',
  );
  // The value may be a secret.
  return odd === undefined
    ? undefined
    : { at: `.${odd}`, shown: 'its value', why: 'is not a string' };
};

export const abortSignal = is<AbortSignal>(
  'an AbortSignal',
  (value) =>
    isObject(value) &&
    typeof value['aborted'] === 'boolean' &&
    typeof value['addEventListener'] === 'function',
);

/** A stream to write to. */
export const writable = is<Writable>(
  'a writable stream',
  (value) =>
    isObject(value) && typeof value['write'] === 'function' && typeof value['on'] === 'function',
);
