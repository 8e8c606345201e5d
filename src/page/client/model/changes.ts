/** What a comparison says, by entry and by kind of change. */
import { type Change, CHANGES, type DifferenceData } from '../../data.js';
import type { FileTree } from './file-tree.js';

export const ALL_CHANGES = Object.keys(CHANGES) as readonly Change[];

/** One line of the comparison; -1 where a side has no such entry. */
export interface ChangedEntry {
  readonly how: Change;
  readonly old: number;
  readonly now: number;
  readonly sizeBefore: number;
  readonly sizeAfter: number;
}

export interface ChangeGroup {
  /** The largest first. */
  readonly entries: readonly ChangedEntry[];
  /** Bytes before for what is gone, after for anything else. */
  readonly bytes: number;
}

export class Changes {
  readonly groups: Readonly<Record<Change, ChangeGroup>>;
  /** What became of each entry of a side. */
  readonly of: readonly [readonly (Change | undefined)[], readonly (Change | undefined)[]];

  constructor(
    readonly data: DifferenceData,
    before: FileTree,
    after: FileTree,
  ) {
    const byLetter = new Map(ALL_CHANGES.map((change) => [CHANGES[change] as string, change]));
    const of = [
      new Array<Change | undefined>(before.count),
      new Array<Change | undefined>(after.count),
    ] as const;
    const lists = { gone: [], stayed: [], new: [], changed: [], moved: [] } as Record<
      Change,
      ChangedEntry[]
    >;
    for (let line = 0; line < data.changes.length; line++) {
      const how = byLetter.get(data.changes[line] as string) as Change;
      const [old, now] = [data.old[line] as number, data.now[line] as number];
      if (old >= 0) of[0][old] = how;
      if (now >= 0) of[1][now] = how;
      // A directory that holds something is told by what it holds.
      if (now >= 0 ? isFull(after, now) : isFull(before, old)) continue;
      const sizeBefore = before.sizes[old] ?? 0;
      lists[how].push({ how, old, now, sizeBefore, sizeAfter: after.sizes[now] ?? 0 });
    }
    this.of = of;
    this.groups = {
      gone: group(lists.gone),
      stayed: group(lists.stayed),
      new: group(lists.new),
      changed: group(lists.changed),
      moved: group(lists.moved),
    };
  }
}

function isFull(tree: FileTree, at: number): boolean {
  return (tree.ends[at] as number) > at + 1;
}

function group(entries: ChangedEntry[]): ChangeGroup {
  entries.sort((a, b) => sizeOf(b) - sizeOf(a));
  return { entries, bytes: entries.reduce((sum, entry) => sum + sizeOf(entry), 0) };
}

export function sizeOf({ how, sizeBefore, sizeAfter }: ChangedEntry): number {
  return how === 'gone' ? sizeBefore : sizeAfter;
}
