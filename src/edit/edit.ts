/** Edits of entries. */
import type { EntryHeader } from '../tar/entry-header.js';
import type { GlobalHeader } from '../tar/global-header.js';
import type { PlainEdit } from '../tar/plain-entries.js';
import { printable } from '../text/printable.js';

/** Changes an entry's header, or drops the entry. Synchronous: edits run on the hot path of the walk. */
export interface Edit {
  (entry: EntryHeader): void | 'drop';
  /** Changes a global PAX header. */
  global?(header: GlobalHeader): void;
  /**
   * What it does to every plain entry. @default unknown
   * @internal
   */
  plain?: PlainEdit | undefined;
}

/** Runs edits in order, up to the first `'drop'`. */
export function compose(edits: readonly Edit[]): Edit {
  const [only] = edits;
  if (edits.length === 1 && only !== undefined) return only;
  const composed: Edit = (entry) => {
    // Faster than `for … of`.
    for (let i = 0; i < edits.length; i++) if ((edits[i] as Edit)(entry) === 'drop') return 'drop';
    return undefined;
  };
  composed.global = (header) => {
    for (const edit of edits) edit.global?.(header);
  };
  if (edits.every(({ plain }) => plain !== undefined))
    composed.plain = Object.assign({}, ...edits.map(({ plain }) => plain)) as PlainEdit;
  return composed;
}

/** Drops entries with one notice for each kind, which names the first. */
export function dropWithNotice(
  notice: (message: string) => void,
): (entry: EntryHeader, what: string) => 'drop' {
  const noticed = new Set<string>();
  return (entry, what) => {
    if (!noticed.has(what)) notice(`left out ${what}: '${printable(entry.pathBytes, 60)}'`);
    noticed.add(what);
    return 'drop';
  };
}

/** Whether an edit that reads names and types only keeps an entry with this path. */
export function keeps(edit: Edit): (path: string, directory: boolean) => boolean {
  return (path, directory) => {
    const named = {
      type: directory ? 'directory' : 'file',
      pathBytes: Buffer.from(path),
      get path() {
        return this.pathBytes.toString();
      },
    };
    return edit(named as EntryHeader) !== 'drop';
  };
}
