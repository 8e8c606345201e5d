/** Extended attributes left out, in every form in which PAX records carry them. */
import { isXattrRecord } from '../tar/xattrs.js';
import type { Edit } from './edit.js';

/** `--no-xattrs`: leaves out all of them, access control lists and security labels included. */
export function dropXattrs(): Edit {
  return dropRecords(isXattrRecord);
}

/** Leaves out PAX records, local and global ones. */
export function dropRecords(drops: (key: string) => boolean): Edit {
  const keeps = (key: string): boolean => !drops(key);
  const edit: Edit = (entry) => {
    if (entry.hasMetadata) entry.keepRecords(keeps);
  };
  edit.global = (header) => header.keepRecords(keeps);
  return edit;
}
