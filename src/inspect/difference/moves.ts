/** Finds moved files: new paths with the content of removed ones. A file moves once; a second copy is new. */
import type { Entry } from '../entry.js';

/** The entries at one path, before and after. */
export type Pair =
  readonly [Entry, Entry] | readonly [Entry, undefined] | readonly [undefined, Entry];

/**
 * Among files with the same content, those with the same name are preferred.
 * @returns `from`, which maps the entry after to the one before; `moved`, the entries before
 */
export function moves(pairs: readonly Pair[]): {
  readonly from: ReadonlyMap<Entry, Entry>;
  readonly moved: ReadonlySet<Entry>;
} {
  const from = new Map<Entry, Entry>();
  const moved = new Set<Entry>();
  for (const withName of [true, false]) {
    const gone = new Map<string, Entry[]>();
    // Reversed, since pop() returns the last.
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

/** Equal for equal contents; undefined without a content or a hash. */
function keyOf({ kind, name, size, content }: Entry, withName: boolean): string | undefined {
  const hash = content?.hash;
  if (kind !== 'file' || size === 0 || hash === undefined) return undefined;
  return `${size} ${hash}${withName ? ` ${name}` : ''}`;
}
