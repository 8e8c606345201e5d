/**
 * The modifiers of substitutions (POSIX, 2.6.2; BuildKit, shell/lex.go). In patterns, `*` matches characters but line
 * feeds, `?` one of them, `\` escapes.
 */
import { Automaton, codesOf, literalSteps, type Step, textOf } from '../../text/automaton.js';
import { Reason } from '../reason.js';

const LINE_FEED = 0x0a;
const isNotLineFeed = (code: number): boolean => code !== LINE_FEED;

/** Removes the match of a word at the start (`#`) or end (`%`): the longest if it begins with the sign, else the shortest. */
export function trimMatch(sign: '#' | '%', word: string, value: string): string {
  const ordered = <T>(list: T[]): T[] => (sign === '#' ? list : list.reverse());
  const longest = word.startsWith(sign);
  const text = ordered(codesOf(value));
  const steps = ordered(parse(longest ? word.slice(1) : word));
  const end = new Automaton(steps).prefix(text, longest);
  return end < 0 ? value : textOf(ordered(text.slice(end)));
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
