/**
 * What became of a file system: what went away, what stayed, what is new. Every path of the one
 * before is told once, at its own place or as the place that something moved from; every path of the
 * one after is told once.
 */
import { checkArgument } from '../../options/schema.js';
import { entry } from '../arguments.js';
import { type Entry, type EntryKind } from '../entry.js';
import { type Change, changesOf } from './changes.js';
import { moves } from './moves.js';
import { pairs } from './pairs.js';

/**
 * `moved`: the same content, at a path that wasn't there before, from one that is no longer there.
 * `changed`: at the same path, with something else about it.
 */
export type How = 'gone' | 'stayed' | 'new' | 'changed' | 'moved';

export interface DifferenceEntry {
  readonly path: string;
  readonly how: How;
  /** What is there now; of what is gone, what was. */
  readonly kind: EntryKind;
  /** Where it was, when it moved. */
  readonly from?: string;
  /** Bytes of its content, where there was one. */
  readonly sizeBefore?: number;
  readonly sizeAfter?: number;
  /** What is different about it: of what changed, and of what moved and changed, too. */
  readonly changes?: readonly Change[];
  /** What it counts: of a file with several names, the first one has it all. Of what is gone, before. */
  readonly bytes: number;
}

export interface Difference {
  /** In the order of the two trees laid on each other. */
  readonly entries: readonly DifferenceEntry[];
  /** Bytes of the files that are seen, each counted once. */
  readonly sizes: { readonly before: number; readonly after: number };
  /** How many, and their bytes. */
  readonly totals: Readonly<Record<How, { readonly entries: number; readonly bytes: number }>>;
}

/** Compares two roots. Times aren't compared: every copy has another. */
export function differenceOf(before: Entry, after: Entry): Difference {
  checkArgument('before', before, entry);
  checkArgument('after', after, entry);
  const all = [...pairs(before, after)];
  const { from, moved } = moves(all);
  const entries: DifferenceEntry[] = [];
  for (const [old, now] of all) {
    if (now === undefined) {
      if (!moved.has(old)) entries.push(entryOf(old, undefined, 'gone'));
      continue;
    }
    const origin = old ?? from.get(now);
    entries.push(entryOf(origin, now, howOf(old, origin, now)));
  }
  return {
    entries,
    sizes: { before: before.total, after: after.total },
    totals: totals(entries),
  };
}

function howOf(old: Entry | undefined, origin: Entry | undefined, now: Entry): How {
  if (origin === undefined) return 'new';
  if (old === undefined) return 'moved';
  return changesOf(old, now).length > 0 ? 'changed' : 'stayed';
}

function entryOf(old: Entry | undefined, now: Entry | undefined, how: How): DifferenceEntry {
  const here = (now ?? old) as Entry;
  const changes = old === undefined || now === undefined ? [] : changesOf(old, now);
  return {
    path: here.path,
    how,
    kind: here.kind,
    ...(how === 'moved' && { from: old?.path }),
    ...(old?.kind === 'file' && { sizeBefore: old.size }),
    ...(now?.kind === 'file' && { sizeAfter: now.size }),
    ...(changes.length > 0 && { changes }),
    bytes: here.kind === 'file' ? here.total : 0,
  };
}

function totals(entries: readonly DifferenceEntry[]): Difference['totals'] {
  const sum = (how: How): { entries: number; bytes: number } => {
    const of = entries.filter((entry) => entry.how === how);
    return { entries: of.length, bytes: of.reduce((bytes, entry) => bytes + entry.bytes, 0) };
  };
  return {
    gone: sum('gone'),
    stayed: sum('stayed'),
    new: sum('new'),
    changed: sum('changed'),
    moved: sum('moved'),
  };
}
