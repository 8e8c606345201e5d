/**
 * Which files moved: the same bytes at a path that wasn't there before, from a path that is no longer
 * there. A file moves once: where two have the content of one, the second is new.
 */
import type { Entry } from '../entry.js';
import type { Pair } from './pairs.js';

export interface Moves {
  /** From what is there now to what it was. */
  readonly from: ReadonlyMap<Entry, Entry>;
  readonly moved: ReadonlySet<Entry>;
}

/** Two files with the same content are told apart by their names first. */
export function moves(pairs: readonly Pair[]): Moves {
  const from = new Map<Entry, Entry>();
  const moved = new Set<Entry>();
  for (const withName of [true, false]) {
    const gone = new Map<string, Entry[]>();
    // The last is in front: it is taken last.
    for (const [old, now] of pairs.toReversed()) {
      const key = now === undefined && !moved.has(old) ? keyOf(old, withName) : undefined;
      if (key === undefined) continue;
      const same = gone.get(key);
      if (same === undefined) gone.set(key, [old as Entry]);
      else same.push(old as Entry);
    }
    for (const [old, now] of pairs) {
      if (old !== undefined || from.has(now)) continue;
      const origin = gone.get(keyOf(now, withName) ?? '')?.pop();
      if (origin === undefined) continue;
      from.set(now, origin);
      moved.add(origin);
    }
  }
  return { from, moved };
}

/** The same for the same content; undefined where there is none, or nobody hashed it. */
function keyOf({ kind, name, size, content }: Entry, withName: boolean): string | undefined {
  const hash = content?.hash;
  if (kind !== 'file' || size === 0 || hash === undefined) return undefined;
  return `${size} ${hash}${withName ? ` ${name}` : ''}`;
}
