/**
 * Patterns of `${x#pattern}`, `${x%pattern}` and `${x/pattern/text}`: `*` is any run of characters
 * but a line feed, `?` one of them, `\` takes either at its word (BuildKit, shell/lex.go).
 */
import { Reason } from './reason.js';

/** One step of a pattern: a character, or a wildcard. */
type Step = { readonly literal: string } | 'any' | 'run';

/** Without the shortest (or longest) start that matches. */
export function trimPrefix(pattern: string, value: string, longest: boolean): string {
  const text = [...value];
  const end = matchEnd(parse(pattern), text, 0, longest);
  return end < 0 ? value : text.slice(end).join('');
}

/** Without the shortest (or longest) end that matches. */
export function trimSuffix(pattern: string, value: string, longest: boolean): string {
  const text = [...value].reverse();
  const end = matchEnd(parse(pattern).reverse(), text, 0, longest);
  return end < 0 ? value : text.slice(end).reverse().join('');
}

/** With the first match replaced, or each of them; a match is as long as it can be. */
export function replace(pattern: string, value: string, by: string, all: boolean): string {
  const steps = parse(pattern);
  const text = [...value];
  let out = '';
  let last = -1;
  let at = 0;
  while (at <= text.length) {
    const end = matchEnd(steps, text, at, true);
    // Go leaves out an empty match right behind another one.
    if (end > at || (end === at && last !== at)) {
      out += all ? template(by, text.slice(at, end).join('')) : by;
      if (!all) return out + text.slice(end).join('');
      last = end;
      if (end > at) {
        at = end;
        continue;
      }
    }
    out += text[at] ?? '';
    at++;
  }
  return out;
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
    if (character === '*') steps.push('run');
    else if (character === '?') steps.push('any');
    else if (character !== '\\') steps.push({ literal: character });
    else {
      const next = characters[++at] ?? '\ufffd';
      if (!'}/*?\\'.includes(next))
        throw new Reason(
          `invalid pattern (${pattern}) in substitution: invalid escape '\\${next}'`,
        );
      steps.push({ literal: next });
    }
  }
  return steps;
}

/** Where a match that starts at `from` ends, or -1. All ways are followed at once: no backtracking. */
function matchEnd(steps: readonly Step[], text: readonly string[], from: number, longest: boolean) {
  let states = skipRuns(steps, new Set([0]));
  let end = -1;
  for (let at = from; ; at++) {
    if (states.has(steps.length)) {
      end = at;
      if (!longest) return end;
    }
    const character = text[at];
    if (character === undefined || states.size === 0) return end;
    const next = new Set<number>();
    for (const state of states) {
      const step = steps[state];
      if (step === undefined) continue;
      if (typeof step === 'object' ? step.literal === character : character !== '\n')
        next.add(step === 'run' ? state : state + 1);
    }
    states = skipRuns(steps, next);
  }
}

/** A run may be empty: whoever stands before it stands behind it too. */
function skipRuns(steps: readonly Step[], states: Set<number>): Set<number> {
  // A set is walked in the order of insertion, so what is added here is visited as well.
  for (const state of states) if (steps[state] === 'run') states.add(state + 1);
  return states;
}
