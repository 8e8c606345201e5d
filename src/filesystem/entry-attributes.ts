/** What a tar's entry says of the node that it becomes. */
import type { EntryType } from '../tar/block.js';
import {
  type Attributes,
  BLOCK_DEVICE,
  CHAR_DEVICE,
  DIRECTORY,
  type Extra,
  FIFO,
  FILE,
  SYMLINK,
} from './node.js';
import type { UnpackedEntry } from './unpacked-entry.js';

const TYPES: Readonly<Record<EntryType, number>> = {
  file: FILE,
  'contiguous-file': FILE,
  'sparse-file': FILE,
  unknown: FILE,
  'hard-link': FILE,
  symlink: SYMLINK,
  'char-device': CHAR_DEVICE,
  'block-device': BLOCK_DEVICE,
  directory: DIRECTORY,
  fifo: FIFO,
};

/**
 * @param owner its own, or who owns everything
 * @param mtime whole seconds since 1970
 * @param xattrs those that are kept
 */
export function attributesOf(
  entry: UnpackedEntry,
  owner: { readonly uid: number; readonly gid: number },
  mtime: number,
  xattrs: UnpackedEntry['xattrs'],
): Attributes {
  // The mode of a link means nothing, and writers differ in it.
  const mode = TYPES[entry.type] | (entry.type === 'symlink' ? 0o777 : entry.mode);
  return { mode, uid: owner.uid, gid: owner.gid, mtime, extra: extraOf(entry, xattrs) };
}

function extraOf(entry: UnpackedEntry, xattrs: UnpackedEntry['xattrs']): Extra | undefined {
  const { device } = entry;
  const isLink = entry.type === 'symlink';
  if (!isLink && xattrs === undefined && device === undefined && !entry.isSparse) return undefined;
  return {
    ...(isLink && { target: entry.linkpathBytes.toString('latin1') }),
    ...(device !== undefined && { device }),
    ...(xattrs !== undefined && { xattrs }),
    ...(entry.isSparse && { pieces: [] }),
  };
}
