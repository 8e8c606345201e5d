/**
 * Go's path/filepath.Match, which globs of COPY and ADD follow: `*` and `?` stay within a path's
 * component, `[a-z]` and `[^a-z]` are classes (a slash is a member like any other), `\` takes the
 * next character at its word.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../tar/printable.js';

/** A class has ranges; anything else is one character or a wildcard. */
type Step =
  | { readonly kind: 'character'; readonly character: string }
  | { readonly kind: 'any' | 'run' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly Range[] };

type Range = readonly [low: string, high: string];

/** Whether a pattern has more than plain characters. */
export function hasWildcards(pattern: string): boolean {
  return /^(?:[^*?[\\]|\\[^])*[*?[]/.test(pattern);
}

/** Matches one pattern against a whole name. @throws DockerceptionError `DOCKERFILE_PATTERN` */
export function matchGlob(pattern: string, name: string): boolean {
  return compileGlob(pattern)(name);
}

/** The predicate of a pattern. @throws DockerceptionError `DOCKERFILE_PATTERN` */
export function compileGlob(pattern: string): (name: string) => boolean {
  const steps = parse(pattern);
  return (name) => matches(steps, [...name]);
}

/** Two places to go back to suffice: a run that fails is only ever helped by the last one. */
function matches(steps: readonly Step[], text: readonly string[]): boolean {
  let at = 0;
  let step = 0;
  let run = -1;
  let runAt = 0;
  while (at < text.length || step < steps.length) {
    const next = steps[step];
    const character = text[at];
    if (next?.kind === 'run') {
      run = step++;
      runAt = at;
    } else if (next && character !== undefined && takes(next, character)) {
      step++;
      at++;
    } else if (run >= 0 && runAt < text.length && text[runAt] !== '/') {
      step = run + 1;
      at = ++runAt;
    } else return false;
  }
  return true;
}

function takes(step: Step, character: string): boolean {
  if (step.kind === 'character') return step.character === character;
  if (step.kind !== 'class') return character !== '/';
  const code = codeOf(character);
  const inside = step.ranges.some(([low, high]) => codeOf(low) <= code && code <= codeOf(high));
  return inside !== step.negated;
}

function codeOf(character: string): number {
  return character.codePointAt(0) as number;
}

function parse(pattern: string): Step[] {
  const text = [...pattern];
  const steps: Step[] = [];
  let at = 0;
  const literal = (): string => {
    if (text[at] === '\\') at++;
    const character = text[at++];
    if (character === undefined) throw malformed(pattern);
    return character;
  };
  const member = (): string => {
    if (text[at] === '-' || text[at] === ']') throw malformed(pattern);
    return literal();
  };
  while (at < text.length) {
    const character = text[at];
    if (character === '*' || character === '?') {
      at++;
      steps.push({ kind: character === '*' ? 'run' : 'any' });
    } else if (character !== '[') steps.push({ kind: 'character', character: literal() });
    else {
      const negated = text[++at] === '^';
      if (negated) at++;
      const ranges: Range[] = [];
      while (ranges.length === 0 || text[at] !== ']') {
        const low = member();
        if (text[at] === '-') at++;
        else {
          ranges.push([low, low]);
          continue;
        }
        ranges.push([low, member()]);
      }
      at++;
      steps.push({ kind: 'class', negated, ranges });
    }
  }
  return steps;
}

function malformed(pattern: string): DockerceptionError {
  const message = `reading the pattern ${printable(pattern)}: syntax error in pattern`;
  return new DockerceptionError('build', 'DOCKERFILE_PATTERN', message, {
    hint: 'to take a character at its word: \\[',
  });
}
