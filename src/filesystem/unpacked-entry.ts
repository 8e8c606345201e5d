/** What unpacking reads of a tar's entry. */
import type { EntryHeader } from '../tar/entry-header.js';

/** What is read of an entry that is unpacked. */
export type UnpackedEntry = Pick<
  EntryHeader,
  | 'type'
  | 'pathBytes'
  | 'linkpathBytes'
  | 'uid'
  | 'gid'
  | 'mode'
  | 'mtime'
  | 'contentSize'
  | 'device'
  | 'xattrs'
  | 'isSparse'
>;
