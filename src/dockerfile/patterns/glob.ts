/**
 * Globs of COPY and ADD, as Go's path/filepath.Match: `*` and `?` match inside a component, `[a-z]` and `[^a-z]` are
 * classes, which may contain a slash, `\` escapes.
 */
import { DockerceptionError } from '../../errors.js';
import { Automaton, literalSteps, type Step } from '../../text/automaton.js';
import { printable } from '../../text/printable.js';

export function hasWildcards(pattern: string): boolean {
  return /^(?:[^*?[\\]|\\[^])*[*?[]/.test(pattern);
}

/** @returns a predicate for whole names. @throws DockerceptionError `DOCKERFILE_PATTERN` */
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
        const isRange = text[at] === '-';
        if (isRange) at++;
        ranges.push([low, isRange ? member() : low]);
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
