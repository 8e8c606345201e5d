/** The comparison of two sides, by entry and by kind of change. */
import { type Change, CHANGES, type DifferenceData } from '../../data.js';
import type { FileTree } from './file-tree.js';

/** One line of the comparison; -1 if a side has no such entry. */
export interface ChangedEntry {
  readonly how: Change;
  readonly old: number;
  readonly now: number;
  readonly sizeBefore: number;
  readonly sizeAfter: number;
}

export class Changes {
  /** The largest entries first. */
  readonly entries: Readonly<Record<Change, ChangedEntry[]>>;
  /** For each side, the change of each entry. */
  readonly of: readonly [(Change | undefined)[], (Change | undefined)[]];

  constructor(
    readonly data: DifferenceData,
    before: FileTree,
    after: FileTree,
  ) {
    const byLetter = new Map(CHANGES.map((change) => [change.charAt(0), change]));
    this.of = [new Array<undefined>(before.count), new Array<undefined>(after.count)];
    this.entries = { gone: [], stayed: [], new: [], changed: [], moved: [] };
    for (let line = 0; line < data.changes.length; line++) {
      const how = byLetter.get(data.changes[line] as string) as Change;
      const [old, now] = [data.old[line] as number, data.now[line] as number];
      if (old >= 0) this.of[0][old] = how;
      if (now >= 0) this.of[1][now] = how;
      const [sizeBefore, sizeAfter] = [before.bytesOf(old), after.bytesOf(now)];
      this.entries[how].push({ how, old, now, sizeBefore, sizeAfter });
    }
    for (const how of CHANGES) this.entries[how].sort((a, b) => sizeOf(b) - sizeOf(a));
  }
}

/** Bytes before of a removed entry, bytes after of any other. */
export function sizeOf({ how, sizeBefore, sizeAfter }: ChangedEntry): number {
  return how === 'gone' ? sizeBefore : sizeAfter;
}
