/** What an edit is, and how several become one. */
import type { EntryHeader } from '../tar/entry-header.js';
import type { GlobalHeader } from '../tar/global-header.js';
import { printable } from '../text/printable.js';

/**
 * Changes an entry's header, or leaves the entry out. Synchronous: all edits run in one walk,
 * on the hot path.
 */
export interface Edit {
  (entry: EntryHeader): void | 'drop';
  /** The same for a global PAX header, where the edit concerns one. */
  global?(header: GlobalHeader): void;
}

/** Runs edits one after the other; the first `'drop'` ends it. */
export function compose(edits: readonly Edit[]): Edit {
  const [only] = edits;
  if (edits.length === 1 && only !== undefined) return only;
  const composed: Edit = (entry) => {
    // Not `for … of`: this runs for every entry.
    for (let i = 0; i < edits.length; i++) if ((edits[i] as Edit)(entry) === 'drop') return 'drop';
    return undefined;
  };
  composed.global = (header) => {
    for (const edit of edits) edit.global?.(header);
  };
  return composed;
}

/** Drops entries with one notice for each kind, which names the first of them. */
export function leavingOut(
  notice: (message: string) => void,
): (entry: EntryHeader, what: string) => 'drop' {
  const noticed = new Set<string>();
  return (entry, what) => {
    if (!noticed.has(what)) notice(`left out ${what}: '${printable(entry.pathBytes, 60)}'`);
    noticed.add(what);
    return 'drop';
  };
}

/** Whether an edit that goes by names and types alone keeps an entry with this path. */
export function keeps(edit: Edit): (path: string, directory: boolean) => boolean {
  return (path, directory) => {
    const named = {
      type: directory ? 'directory' : 'file',
      pathBytes: Buffer.from(path),
      get path() {
        return this.pathBytes.toString();
      },
      set path(name) {
        this.pathBytes = Buffer.from(name);
      },
    };
    return edit(named as EntryHeader) !== 'drop';
  };
}
