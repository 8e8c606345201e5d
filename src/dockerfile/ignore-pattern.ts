/**
 * One pattern of a .dockerignore, as github.com/moby/patternmatcher reads it: Go's
 * path/filepath.Match, and `**` for any number of directories. A pattern is checked by Go's rules
 * for Match, then turned into a regular expression by moby's, oddities included.
 */

/** What does not parse. */
export class PatternError extends Error {}

/** A pattern without its `!`. */
export type Matches = (path: string) => boolean;

const SYNTAX = 'it is not a valid pattern';
const SPECIAL = '.+(){}|$^/';

/** Returns the predicate for one cleaned pattern. */
export function compilePattern(pattern: string): Matches {
  checkSyntax(pattern);
  const { kind, source } = toRegExp(pattern);
  if (kind === 'exact') return (path) => path === pattern;
  if (kind === 'prefix') {
    const prefix = pattern.slice(0, -2);
    return (path) => path.startsWith(prefix);
  }
  if (kind === 'suffix') {
    const suffix = pattern.slice(2);
    return (path) => path.endsWith(suffix) || (suffix[0] === '/' && path === suffix.slice(1));
  }
  try {
    const regexp = new RegExp(`^${source}$`, 'u');
    // Most paths fail at the pattern's fixed ends, which costs a fraction of the expression.
    const fixed = /^([^*?[\]\\^]*)[^\\^]*?([^*?[\]\\^]*)$/.exec(pattern);
    const head = fixed?.[1] ?? '';
    const tail = (fixed?.[2] ?? '').replace(/^\//, '');
    return (path) => path.startsWith(head) && path.endsWith(tail) && regexp.test(path);
  } catch (cause) {
    throw new PatternError(SYNTAX, { cause });
  }
}

/** Go's Match refuses open classes, empty classes and ranges, and a `\` with nothing behind it. */
function checkSyntax(pattern: string): void {
  const chars = [...pattern];
  for (let at = 0; at < chars.length; at++) {
    if (chars[at] === '\\' && ++at >= chars.length) throw new PatternError(SYNTAX);
    if (chars[at] !== '[' || chars[at - 1] === '\\') continue;
    if (chars[++at] === '^') at++;
    for (let members = 0; members === 0 || chars[at] !== ']'; members++) {
      at = member(chars, at);
      if (chars[at] === '-') at = member(chars, at + 1);
    }
  }
}

/** Passes one character of a class by, and returns where the next one is. */
function member(chars: readonly string[], at: number): number {
  const char = chars[at];
  if (char === undefined || char === '-' || char === ']') throw new PatternError(SYNTAX);
  const next = char === '\\' ? at + 2 : at + 1;
  // The class has to be closed somewhere.
  if (next >= chars.length) throw new PatternError(SYNTAX);
  return next;
}

type Kind = 'exact' | 'prefix' | 'suffix' | 'regexp';

/** Patterns that need no regular expression are told apart, since moby matches them otherwise. */
function toRegExp(pattern: string): { kind: Kind; source: string } {
  const chars = [...pattern];
  let kind: Kind = 'exact';
  let source = '';
  let inClass = false;
  // moby hands "[" and "]" on as they come, even those that a "?" in a class brings in.
  const raw = (char: string): void => {
    const opens = char === '[' && !inClass;
    const closes = char === ']' && inClass;
    source += /[[\]]/.test(char) && !opens && !closes ? `\\${char}` : char;
    inClass = opens || (inClass && !closes);
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
        source += last ? '[^\\n]*' : '(?:[^\\n]*/)?';
        kind = 'regexp';
      }
      if (first) kind = 'suffix';
    } else if (char === '*' || char === '?') {
      for (const part of char === '*' ? '[^/]*' : '[^/]') raw(part);
      kind = 'regexp';
    } else if (char === '\\') {
      source += escaped(chars[++at] ?? '', inClass);
      kind = 'regexp';
    } else if (char === '[' || char === ']') {
      raw(char);
      kind = 'regexp';
    } else {
      // "^" stays what it is in a regular expression, in a class and, as in moby, outside.
      source += !inClass && char !== '^' && SPECIAL.includes(char) ? `\\${char}` : char;
    }
  }
  return { kind, source };
}

/** What `\` and a character mean in Go's regular expressions, said in JavaScript's. */
function escaped(char: string, inClass: boolean): string {
  const named: Record<string, string> = { a: '\\x07', A: '^', z: '$', s: '[\\t\\n\\f\\r ]' };
  if (/^[dDSwWbBfnrtv]$/.test(char)) return `\\${char}`;
  if (named[char] !== undefined && !inClass) return named[char];
  if (/^[0-9A-Za-z]$/.test(char)) throw new PatternError(SYNTAX);
  if (/^[\^$\\.*+?()[\]{}|/]$/.test(char) || (inClass && char === '-')) return `\\${char}`;
  return char;
}
