/** What `${x-y}`, `${x+y}`, `${x?y}`, `${x#y}` and `${x%y}` stand for (POSIX, 2.6.2). */
import { Reason } from './reason.js';
import { trimPrefix, trimSuffix } from './shell-pattern.js';

/** A substitution with its word expanded. */
export interface Modified {
  readonly name: string;
  readonly value: string | undefined;
  readonly modifier: string | undefined;
  readonly word: string;
  /** With a colon: an empty value counts as none. */
  readonly nullIsUnset: boolean;
}

/** `undefined` for a modifier that isn't known. Throws a {@link Reason} where `?` says so. */
export function modifiedValue(substitution: Modified): string | undefined {
  const { name, value, modifier, word, nullIsUnset } = substitution;
  const isSet = value !== undefined && !(nullIsUnset && value === '');
  switch (modifier) {
    case '-':
      return isSet ? value : word;
    case '+':
      return isSet ? word : '';
    case '?': {
      if (isSet) return value;
      const why = `is not allowed to be ${value === undefined ? 'unset' : 'empty'}`;
      throw new Reason(`${name}: ${word === '' ? why : word}`);
    }
    case '#':
    case '%': {
      // Twice the sign is the longest match.
      const longest = word.startsWith(modifier);
      const pattern = longest ? word.slice(1) : word;
      return (modifier === '#' ? trimPrefix : trimSuffix)(pattern, value ?? '', longest);
    }
    default:
      return undefined;
  }
}
