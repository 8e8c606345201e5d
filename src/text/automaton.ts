/**
 * Patterns with wildcards, matched without backtracking: all states are followed at once, so the time is at most the
 * product of the lengths of pattern and text.
 */

/** One step of a pattern. Characters are code points. */
export type Step =
  | { readonly kind: 'character'; readonly code: number }
  /** One character of a set, or any number of them. */
  | { readonly kind: 'one' | 'run'; accepts(code: number): boolean }
  /** The next `count` steps are optional as a whole. */
  | { readonly kind: 'optional'; readonly count: number }
  /** A condition on the position; consumes nothing. */
  | { readonly kind: 'check'; holds(text: readonly number[], at: number): boolean };

export function literalSteps(text: string): Step[] {
  return codesOf(text).map((code) => ({ kind: 'character', code }));
}

export function codesOf(text: string): number[] {
  const codes: number[] = [];
  for (let at = 0; at < text.length;) {
    const code = text.codePointAt(at) as number;
    codes.push(code);
    at += code > 0xffff ? 2 : 1;
  }
  return codes;
}

export function textOf(codes: readonly number[]): string {
  let text = '';
  for (const code of codes) text += String.fromCodePoint(code);
  return text;
}

export interface Match {
  readonly start: number;
  readonly end: number;
}

export class Automaton {
  readonly #literals: Literals;
  // The states before and after the next character, by the starts of their matches.
  #now: Threads;
  #next: Threads;

  constructor(private readonly steps: readonly Step[]) {
    this.#literals = literalsOf(steps);
    this.#now = new Threads(steps.length + 1);
    this.#next = new Threads(steps.length + 1);
  }

  matches(text: string): boolean {
    if (!mayMatch(this.#literals, text)) return false;
    const codes = codesOf(text);
    return this.#scan(codes, 0, false, true)?.end === codes.length;
  }

  /** The end of the longest, or the shortest, match at the start of a text; -1 if none. */
  prefix(text: readonly number[], longest: boolean): number {
    return this.#scan(text, 0, false, longest)?.end ?? -1;
  }

  /** The first match that starts at `from` or later; of those that start there, the longest. */
  find(text: readonly number[], from: number): Match | undefined {
    return this.#scan(text, from, true, true);
  }

  /** For each length in UTF-16 units, 1 if the pattern matches that much of a text from its start. */
  prefixes(text: string): Uint8Array {
    const codes = codesOf(text);
    const matched = new Uint8Array(text.length + 1);
    let at = 0;
    let units = 0;
    this.#scan(codes, 0, false, true, (end) => {
      while (at < end) units += (codes[at++] as number) > 0xffff ? 2 : 1;
      matched[units] = 1;
    });
    return matched;
  }

  #scan(
    text: readonly number[],
    from: number,
    floating: boolean,
    longest: boolean,
    onEnd?: (end: number) => void,
  ): Match | undefined {
    const accepted = this.steps.length;
    let found: Match | undefined;
    this.#now.clear();
    for (let at = from; at <= text.length; at++) {
      if (found === undefined && (floating || at === from)) this.#enter(this.#now, 0, at, text, at);
      const { states, starts } = this.#now;
      if (states.length === 0 && !floating) return found;
      const start = starts[accepted] as number;
      if (this.#now.has(accepted) && (found === undefined || start <= found.start)) {
        found = { start, end: at };
        onEnd?.(at);
        if (!longest) return found;
      }
      if (found !== undefined && states.length === 0) return found;
      const code = text[at];
      if (code === undefined) return found;
      this.#next.clear();
      for (const state of states) {
        const step = this.steps[state];
        const begun = starts[state] as number;
        // An earlier match is preferred.
        if (step === undefined || (found !== undefined && begun > found.start)) continue;
        if (step.kind === 'character') {
          if (step.code === code) this.#enter(this.#next, state + 1, begun, text, at + 1);
        } else if ((step.kind === 'one' || step.kind === 'run') && step.accepts(code))
          this.#enter(this.#next, step.kind === 'run' ? state : state + 1, begun, text, at + 1);
      }
      [this.#now, this.#next] = [this.#next, this.#now];
    }
    return found;
  }

  /** Adds a state and those reachable without a character. */
  #enter(
    threads: Threads,
    first: number,
    start: number,
    text: readonly number[],
    at: number,
  ): void {
    const before = threads.states.length;
    threads.add(first, start);
    for (let index = before; index < threads.states.length; index++) {
      const state = threads.states[index] as number;
      const step = this.steps[state];
      if (step === undefined) continue;
      if (step.kind === 'run') threads.add(state + 1, start);
      else if (step.kind === 'check') {
        if (step.holds(text, at)) threads.add(state + 1, start);
      } else if (step.kind === 'optional') {
        threads.add(state + 1, start);
        threads.add(state + 1 + step.count, start);
      }
    }
  }
}

/** A set of states, each with the start of the match that leads to it. */
class Threads {
  readonly states: number[] = [];
  readonly starts: number[];
  readonly #present: Uint8Array;

  constructor(count: number) {
    this.starts = new Array<number>(count).fill(0);
    this.#present = new Uint8Array(count);
  }

  has(state: number): boolean {
    return this.#present[state] === 1;
  }

  /** Keeps the first, which has the earliest start. */
  add(state: number, start: number): void {
    if (this.#present[state] === 1) return;
    this.#present[state] = 1;
    this.starts[state] = start;
    this.states.push(state);
  }

  clear(): void {
    for (const state of this.states) this.#present[state] = 0;
    this.states.length = 0;
  }
}

/** Texts that every match contains, in order, to reject most texts quickly. */
interface Literals {
  readonly head: string;
  readonly middle: readonly string[];
  readonly tail: string;
}

function literalsOf(steps: readonly Step[]): Literals {
  const runs: string[] = [''];
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at] as Step;
    if (step.kind === 'character') runs.push((runs.pop() ?? '') + String.fromCodePoint(step.code));
    else runs.push('');
    if (step.kind === 'optional') at += step.count;
  }
  const [head = '', ...rest] = runs;
  const tail = rest.pop() ?? '';
  return { head, middle: rest.filter((each) => each !== ''), tail };
}

function mayMatch({ head, middle, tail }: Literals, text: string): boolean {
  if (!text.startsWith(head) || !text.endsWith(tail)) return false;
  let from = head.length;
  for (const literal of middle) {
    const at = text.indexOf(literal, from);
    if (at < 0) return false;
    from = at + literal.length;
  }
  return true;
}
