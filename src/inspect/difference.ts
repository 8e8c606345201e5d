/** Compares two file systems by path. Every path of both is reported once; a moved file, with both of its paths. */
import { checkArgument } from '../options/schema.js';
import { object, shape } from '../options/values.js';
import { childrenOf, depthFirst, type Entry, type EntryKind } from './entry.js';
import { entryCheck, type Inspection, inspectionCheck } from './inspection.js';

/**
 * `moved`: a new path with the content of a removed one.
 * `changed`: the same path with another content or attribute.
 */
export type ChangeKind = 'gone' | 'stayed' | 'new' | 'changed' | 'moved';

export type ChangedAttribute =
  'kind' | 'content' | 'mode' | 'owner' | 'target' | 'device' | 'xattrs';

export interface DifferenceEntry {
  readonly path: string;
  readonly how: ChangeKind;
  /** The kind after; before, if the path is gone. */
  readonly kind: EntryKind;
  /** The path before, if it moved. */
  readonly from?: string;
  /** Bytes of a file's content. */
  readonly sizeBefore?: number;
  readonly sizeAfter?: number;
  /** Of a path that changed, or moved and changed. */
  readonly changes?: readonly ChangedAttribute[];
  /** Bytes of the file after, or before if it is gone. The first name of a file with several names counts. */
  readonly bytes: number;
}

export interface Difference {
  /** In the order of the merged trees. */
  readonly entries: readonly DifferenceEntry[];
  /** Bytes of the files in each merged file system, each counted once. */
  readonly sizes: { readonly before: number; readonly after: number };
  readonly totals: Readonly<
    Record<ChangeKind, { readonly entries: number; readonly bytes: number }>
  >;
}

/** What a view shows of `--diff`: the second inspection, and the difference. */
export interface Compared {
  readonly inspection: Inspection;
  readonly difference: Difference;
}

export const comparedCheck = shape<{ inspection: Inspection; difference: object }>(
  { inspection: inspectionCheck, difference: object },
  ['inspection', 'difference'],
);

/** Compares two roots. Times are not compared, since copies differ in them. */
export function differenceOf(before: Entry, after: Entry): Difference {
  checkArgument('before', before, entryCheck);
  checkArgument('after', after, entryCheck);
  const all = [...pairs(before, after)];
  const { from, moved } = moves(all);
  const entries: DifferenceEntry[] = [];
  for (const [old, now] of all) {
    if (now === undefined) {
      if (!moved.has(old)) entries.push(entryOf(old, undefined, 'gone'));
      continue;
    }
    const origin = old ?? from.get(now);
    entries.push(entryOf(origin, now, changeKindOf(old, origin, now)));
  }
  return {
    entries,
    sizes: { before: before.total, after: after.total },
    totals: totals(entries),
  };
}

function changeKindOf(old: Entry | undefined, origin: Entry | undefined, now: Entry): ChangeKind {
  if (origin === undefined) return 'new';
  if (old === undefined) return 'moved';
  return changesOf(old, now).length > 0 ? 'changed' : 'stayed';
}

function entryOf(old: Entry | undefined, now: Entry | undefined, how: ChangeKind): DifferenceEntry {
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
  const zero = (): { entries: number; bytes: number } => ({ entries: 0, bytes: 0 });
  const sums = { gone: zero(), stayed: zero(), new: zero(), changed: zero(), moved: zero() };
  for (const { how, bytes } of entries) {
    sums[how].entries++;
    sums[how].bytes += bytes;
  }
  return sums;
}

/** Content, target and device are compared if both are of the same kind. */
function changesOf(before: Entry, after: Entry): readonly ChangedAttribute[] {
  const changes: ChangedAttribute[] = [];
  if (before.kind !== after.kind) changes.push('kind');
  else {
    if (!sameContent(before, after)) changes.push('content');
    if (before.target !== after.target) changes.push('target');
    if (!sameDevice(before, after)) changes.push('device');
  }
  // The mode of a symbolic link has no meaning, and differs between tools.
  const isLink = before.kind === 'symlink' || after.kind === 'symlink';
  if (!isLink && before.mode !== after.mode) changes.push('mode');
  if (before.uid !== after.uid || before.gid !== after.gid) changes.push('owner');
  if (!sameXattrs(before.xattrs, after.xattrs)) changes.push('xattrs');
  return changes;
}

/** By size and hash; without hashes by size and time, like rsync. */
function sameContent(before: Entry, after: Entry): boolean {
  if (before.kind !== 'file') return true;
  if (before.size !== after.size) return false;
  const [one, other] = [before.content?.hash, after.content?.hash];
  if (before.size === 0) return true;
  if (one === undefined || other === undefined) return before.mtime === after.mtime;
  return one === other;
}

function sameDevice({ device: one }: Entry, { device: other }: Entry): boolean {
  return one?.major === other?.major && one?.minor === other?.minor;
}

function sameXattrs(one: Entry['xattrs'], other: Entry['xattrs']): boolean {
  if ((one?.size ?? 0) !== (other?.size ?? 0)) return false;
  for (const [name, value] of one ?? []) {
    const found = other?.get(name);
    if (found === undefined || !value.equals(found)) return false;
  }
  return true;
}

/** Every path of both trees, parents first, names sorted by bytes. */
function pairs(before: Entry, after: Entry): Generator<Pair> {
  return depthFirst<Pair>([before, after], ([old, now]) =>
    merged(old === undefined ? [] : childrenOf(old), now === undefined ? [] : childrenOf(now)),
  );
}

function merged(one: readonly Entry[], other: readonly Entry[]): Pair[] {
  const all: Pair[] = [];
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

/** The entries at one path, before and after. */
type Pair = readonly [Entry, Entry] | readonly [Entry, undefined] | readonly [undefined, Entry];

/**
 * Finds new paths with the content of removed ones. A file moves once; a second copy is new. Among files with the same content, those with the same name are preferred.
 * @returns `from`, which maps the entry after to the one before; `moved`, the entries before
 */
function moves(pairs: readonly Pair[]): {
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
