/** What a check of a value is, and how its refusal names the value. */
import { nearest } from '../text/suggest.js';
import { printable } from '../text/printable.js';

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
