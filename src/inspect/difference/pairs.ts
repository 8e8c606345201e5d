/** Two trees laid on each other. */
import type { Entry } from '../entry.js';

/** What is at one path before and after: one of them, at least. */
export type Pair =
  readonly [Entry, Entry] | readonly [Entry, undefined] | readonly [undefined, Entry];

/** Every path of either, directories in front of what they hold, names sorted by their bytes. */
export function* pairs(before: Entry, after: Entry): Generator<Pair> {
  const stack: Pair[] = [[before, after]];
  for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
    yield here;
    const below = merged(here[0]?.children ?? NONE, here[1]?.children ?? NONE);
    while (below.length > 0) stack.push(below.pop() as Pair);
  }
}

type Children = ReadonlyMap<string, Entry>;

const NONE: Children = new Map();

function merged(before: Children, after: Children): Pair[] {
  const all: Pair[] = [];
  const [one, other] = [[...before.values()], [...after.values()]];
  let [i, j] = [0, 0];
  for (;;) {
    const [old, now] = [one[i], other[j]];
    if (old === undefined && now === undefined) return all;
    const order = old === undefined ? 1 : now === undefined ? -1 : compare(old.name, now.name);
    if (order <= 0) i++;
    if (order >= 0) j++;
    all.push([order <= 0 ? old : undefined, order >= 0 ? now : undefined] as unknown as Pair);
  }
}

function compare(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}
