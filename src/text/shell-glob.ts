/**
 * Patterns of shells (glob(7)): `*`, `?` and classes `[a-z]`, `[!a-z]`, `[^a-z]` match within a component of a path, `**`
 * crosses slashes. A bracket that isn't closed is a character.
 */
import { Automaton, codesOf, type Step } from './automaton.js';

const code = (character: string): number => character.charCodeAt(0);
const [SLASH, STAR, QUESTION] = [code('/'), code('*'), code('?')];
const [OPEN, CLOSE, DASH] = [code('['), code(']'), code('-')];
const NEGATIONS: readonly (number | undefined)[] = [code('!'), code('^')];

const isAny = (): boolean => true;
const isNotSlash = (code: number): boolean => code !== SLASH;

const DIRECTORIES: readonly Step[] = [
  { kind: 'optional', count: 2 },
  { kind: 'run', accepts: isAny },
  { kind: 'character', code: SLASH },
];

/**
 * The predicate of a pattern, for a whole text.
 * @param anywhere whether any number of directories may precede what it matches
 */
export function compileShellGlob(pattern: string, anywhere = false): (text: string) => boolean {
  const codes = codesOf(pattern);
  const steps: Step[] = anywhere ? [...DIRECTORIES] : [];
  const lastClose = codes.lastIndexOf(CLOSE);
  for (let at = 0; at < codes.length; at++) {
    const here = codes[at] as number;
    const start = at + (NEGATIONS.includes(codes[at + 1]) ? 2 : 1);
    // A closing bracket at the start is a member.
    const end = here === OPEN && start < lastClose ? codes.indexOf(CLOSE, start + 1) : -1;
    if (end >= 0) {
      steps.push(classStep(codes.slice(start, end), start > at + 1));
      at = end;
    } else if (here === QUESTION) steps.push({ kind: 'one', accepts: isNotSlash });
    else if (here !== STAR) steps.push({ kind: 'character', code: here });
    else if (codes[at + 1] !== STAR) steps.push({ kind: 'run', accepts: isNotSlash });
    else {
      while (codes[at + 1] === STAR) at++;
      const directories = codes[at + 1] === SLASH;
      steps.push(...(directories ? DIRECTORIES : [{ kind: 'run', accepts: isAny } as const]));
      if (directories) at++;
    }
  }
  const automaton = new Automaton(steps);
  return (text) => automaton.matches(text);
}

function classStep(members: readonly number[], negated: boolean): Step {
  const ranges: (readonly [low: number, high: number])[] = [];
  for (let at = 0; at < members.length; at++) {
    const low = members[at] as number;
    const isRange = members[at + 1] === DASH && at + 2 < members.length;
    ranges.push([low, isRange ? (members[(at += 2)] as number) : low]);
  }
  const isIn = (code: number): boolean => ranges.some(([low, high]) => low <= code && code <= high);
  return { kind: 'one', accepts: negated ? (code) => code !== SLASH && !isIn(code) : isIn };
}
