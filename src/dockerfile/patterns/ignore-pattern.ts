/**
 * One pattern of a .dockerignore (github.com/moby/patternmatcher): Go's path/filepath.Match, and `**` for any number of
 * directories. It is checked by the rules of Match, then read like the regular expression that moby creates from it,
 * including that expression's quirks.
 */
import { Automaton, codesOf, literalSteps, type Step } from '../../text/automaton.js';
import { compileGlob } from './glob.js';

export class PatternError extends Error {}

/** A pattern without its `!`. */
export interface Pattern {
  matches(path: string): boolean;
  /** Whether it matches the first `length` UTF-16 units of a path. */
  prefixes(path: string): (length: number) => boolean;
}

const SYNTAX = 'it is not a valid pattern';

/** Compiles a cleaned pattern. @throws PatternError, also for what Go's Match refuses */
export function compilePattern(pattern: string): Pattern {
  try {
    compileGlob(pattern);
  } catch (cause) {
    throw new PatternError(SYNTAX, { cause });
  }
  const { kind, steps } = read(pattern);
  switch (kind) {
    case 'exact':
      return fixed((path, length) => length === pattern.length && path.startsWith(pattern));
    case 'prefix': {
      const prefix = pattern.slice(0, -2);
      return fixed((path, length) => length >= prefix.length && path.startsWith(prefix));
    }
    case 'suffix': {
      const suffix = pattern.slice(2);
      const whole = suffix.startsWith('/') ? suffix.slice(1) : undefined;
      return fixed(
        (path, length) =>
          path.endsWith(suffix, length) || (length === whole?.length && path.startsWith(whole)),
      );
    }
    case 'automaton': {
      const automaton = new Automaton(steps);
      return {
        matches: (path) => automaton.matches(path),
        prefixes: (path) => {
          const matched = automaton.prefixes(path);
          return (length) => matched[length] === 1;
        },
      };
    }
  }
}

function fixed(test: (path: string, length: number) => boolean): Pattern {
  return {
    matches: (path) => test(path, path.length),
    prefixes: (path) => (length) => test(path, length),
  };
}

type Kind = 'exact' | 'prefix' | 'suffix' | 'automaton';

const NOT_SLASH = one('[^/]');
const NOT_LINE_FEED = one('[^\\n]');

/** moby matches patterns without wildcards, and with `**` at one end only, without a regular expression. */
function read(pattern: string): { kind: Kind; steps: Step[] } {
  const chars = [...pattern];
  const steps: Step[] = [];
  let kind: Kind = 'exact';
  // The members of an open class: moby's expressions for wildcards become members, up to their first "]".
  let members: string | undefined;
  /** The number of steps before the first `\z`, the end of the path. */
  let end: number | undefined;
  const close = (repeats: boolean): void => {
    steps.push({ ...one(`[${members}]`), kind: repeats ? 'run' : 'one' });
    members = undefined;
  };
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    const first = at === 0;
    if (char === '*' && chars[at + 1] === '*') {
      at++;
      if (chars[at + 1] === '/') at++;
      const last = at + 1 >= chars.length;
      if (last && kind === 'exact') kind = 'prefix';
      else {
        if (members !== undefined) members += last ? '.*' : '(.*/)?';
        else if (last) steps.push({ ...NOT_LINE_FEED, kind: 'run' });
        else
          steps.push(
            { kind: 'optional', count: 2 },
            { ...NOT_LINE_FEED, kind: 'run' },
            ...literalSteps('/'),
          );
        kind = 'automaton';
      }
      if (first) kind = 'suffix';
    } else if (char === '*' || char === '?') {
      if (members === undefined)
        steps.push(char === '*' ? { ...NOT_SLASH, kind: 'run' } : NOT_SLASH);
      else {
        members += '\\[^/';
        close(char === '*');
      }
      kind = 'automaton';
    } else if (char === '\\') {
      const next = chars[++at] ?? '';
      if (members === undefined && next === 'z') end ??= steps.length;
      else if (members === undefined) steps.push(escapedStep(next));
      else members += escaped(next);
      kind = 'automaton';
    } else if (char === '[' || char === ']') {
      if (members === undefined && char === '[') members = '';
      else if (members === undefined) steps.push(...literalSteps(char));
      else if (char === ']') close(false);
      else members += '\\[';
      kind = 'automaton';
    } else if (members !== undefined) members += char;
    // moby leaves a "^" to the regular expression.
    else if (char === '^') steps.push(AT_START);
    else steps.push(...literalSteps(char));
  }
  if (members !== undefined) throw new PatternError(SYNTAX);
  return { kind, steps: end === undefined ? steps : endedSteps(steps, end) };
}

/** After the end of the path, only steps without characters can match. */
function endedSteps(steps: readonly Step[], end: number): Step[] {
  const isPossible = new Automaton(steps.slice(end)).matches('');
  return isPossible ? steps.slice(0, end) : [one('[]')];
}

const AT_START: Step = { kind: 'check', holds: (_, at) => at === 0 };
const SPACE = '[\\t\\n\\f\\r ]';
const NOT_SPACE = '[^\\t\\n\\f\\r ]';

/** The meaning of `\` and a character outside a class in Go's regular expressions. */
function escapedStep(char: string): Step {
  if (char === 'A') return AT_START;
  if (char === 'b' || char === 'B') return wordBoundary(char === 'b');
  if (char === 's') return one(SPACE);
  if (char === 'S') return one(NOT_SPACE);
  const source = escaped(char);
  return /\w$/.test(source) ? one(source) : { kind: 'character', code: codesOf(char)[0] ?? 0 };
}

/** The meaning in a class, as a JavaScript expression. */
function escaped(char: string): string {
  if (char === 'a') return '\\x07';
  if (char === 's') return SPACE.slice(1, -1);
  if (/^[dDSwWfnrtv]$/.test(char)) return `\\${char}`;
  if (/^[0-9A-Za-z]$/.test(char)) throw new PatternError(SYNTAX);
  return /^[\^$\\.*+?()[\]{}|/-]$/.test(char) ? `\\${char}` : char;
}

function wordBoundary(wanted: boolean): Step {
  const isWord = (code: number | undefined): boolean =>
    code !== undefined && /^\w$/.test(String.fromCodePoint(code));
  return {
    kind: 'check',
    holds: (text, at) => (isWord(text[at - 1]) !== isWord(text[at])) === wanted,
  };
}

/** A step for one character that an expression accepts. */
function one(source: string): Step & { readonly kind: 'one' | 'run' } {
  let expression: RegExp;
  try {
    expression = new RegExp(`^${source}$`, 'u');
  } catch (cause) {
    throw new PatternError(SYNTAX, { cause });
  }
  const test = (code: number): boolean => expression.test(String.fromCodePoint(code));
  // Cached, since nearly all characters are ASCII.
  const ascii = Array.from({ length: 128 }, (_, code) => test(code));
  return { kind: 'one', accepts: (code) => ascii[code] ?? test(code) };
}
