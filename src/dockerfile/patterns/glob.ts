/**
 * Go's path/filepath.Match, which globs of COPY and ADD follow: `*` and `?` stay within a path's
 * component, `[a-z]` and `[^a-z]` are classes (a slash is a member like any other), `\` takes the
 * next character at its word.
 */
import { DockerceptionError } from '../../errors.js';
import { printable } from '../../text/printable.js';
import { Automaton, literalSteps, type Step } from '../../text/automaton.js';

/** Whether a pattern has more than plain characters. */
export function hasWildcards(pattern: string): boolean {
  return /^(?:[^*?[\\]|\\[^])*[*?[]/.test(pattern);
}

/** The predicate of a pattern, for whole names. @throws DockerceptionError `DOCKERFILE_PATTERN` */
export function compileGlob(pattern: string): (name: string) => boolean {
  const automaton = new Automaton(parse(pattern));
  return (name) => automaton.matches(name);
}

type Range = readonly [low: number, high: number];

const SLASH = 0x2f;
const isNotSlash = (code: number): boolean => code !== SLASH;

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
  const member = (): number => {
    if (text[at] === '-' || text[at] === ']') throw malformed(pattern);
    return literal().codePointAt(0) as number;
  };
  while (at < text.length) {
    const character = text[at];
    if (character === '*' || character === '?') {
      at++;
      steps.push({ kind: character === '*' ? 'run' : 'one', accepts: isNotSlash });
    } else if (character !== '[') steps.push(...literalSteps(literal()));
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
      const isIn = (code: number): boolean =>
        ranges.some(([low, high]) => low <= code && code <= high);
      steps.push({ kind: 'one', accepts: (code) => isIn(code) !== negated });
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
