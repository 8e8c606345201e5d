/**
 * The modifiers of substitutions (POSIX, 2.6.2; BuildKit, shell/lex.go). In patterns, `*` matches characters but line
 * feeds, `?` one of them, `\` escapes.
 */
import { Automaton, codesOf, literalSteps, type Step, textOf } from '../../text/automaton.js';
import { Reason } from '../reason.js';

const LINE_FEED = 0x0a;
const isNotLineFeed = (code: number): boolean => code !== LINE_FEED;

function trimPrefix(pattern: string, value: string, longest: boolean): string {
  const text = codesOf(value);
  const end = new Automaton(parse(pattern)).prefix(text, longest);
  return end < 0 ? value : textOf(text.slice(end));
}

function trimSuffix(pattern: string, value: string, longest: boolean): string {
  const text = codesOf(value).reverse();
  const end = new Automaton(parse(pattern).reverse()).prefix(text, longest);
  return end < 0 ? value : textOf(text.slice(end).reverse());
}

/** Replaces the first or all of the longest matches. */
export function replace(pattern: string, value: string, by: string, all: boolean): string {
  const automaton = new Automaton(parse(pattern));
  const text = codesOf(value);
  let out = '';
  let at = 0;
  let last = -1;
  for (let from = 0; from <= text.length;) {
    const match = automaton.find(text, from);
    if (match === undefined) break;
    const { start, end } = match;
    from = end > start ? end : end + 1;
    // Go skips an empty match directly after another one.
    if (start === end && start === last) continue;
    const matched = textOf(text.slice(start, end));
    out += textOf(text.slice(at, start)) + (all ? template(by, matched) : by);
    last = at = end;
    if (!all) break;
  }
  return out + textOf(text.slice(at));
}

/** Go's Regexp.Expand: `$0` is the match, other groups are empty, `$$` is a dollar. */
function template(by: string, match: string): string {
  return by.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    if (whole === '$$') return '$';
    return /^0+$/.test(braced ?? bare ?? '') ? match : '';
  });
}

function parse(pattern: string): Step[] {
  const characters = [...pattern];
  const steps: Step[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string;
    if (character === '*') steps.push({ kind: 'run', accepts: isNotLineFeed });
    else if (character === '?') steps.push({ kind: 'one', accepts: isNotLineFeed });
    else if (character !== '\\') steps.push(...literalSteps(character));
    else {
      const next = characters[++at] ?? '\ufffd';
      if (!'}/*?\\'.includes(next))
        throw new Reason(
          `invalid pattern (${pattern}) in substitution: invalid escape '\\${next}'`,
        );
      steps.push(...literalSteps(next));
    }
  }
  return steps;
}

interface Modified {
  readonly name: string;
  readonly value: string | undefined;
  readonly modifier: string | undefined;
  readonly word: string;
  /** Whether an empty value counts as unset. */
  readonly nullIsUnset: boolean;
}

/** The value of `${x-y}` and the like; `undefined` for an unknown modifier. Throws a {@link Reason} for `?`. */
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
