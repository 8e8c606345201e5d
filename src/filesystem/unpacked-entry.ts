/** What unpacking reads of a tar's entry. */
import type { ViewedEntry } from '../tar/entry-view.js';

/** What is read of an entry that is unpacked. */
export type UnpackedEntry = Pick<
  ViewedEntry,
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
