/** What edits of names do to an entry that isn't there yet: a directory is packed without what they leave out. */
import type { EntryHeader } from '../tar/entry-header.js';
import type { Edit } from './edit.js';

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
