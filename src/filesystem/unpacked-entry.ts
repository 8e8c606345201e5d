/** What unpacking reads of a tar's entry. */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import type { EntryType } from '../tar/block.js';
import type { EntryHeader } from '../tar/entry-header.js';
import { printable } from '../text/printable.js';
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
> & {
  /** Its name from `cleanName`, if known. */
  readonly cleanPath?: string;
};

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

/** Bytes of a link's target, as Linux takes them. */
const MAX_TARGET = 4095;

/** Throws TAR_TYPE, TAR_LINK. */
export function refuseNotUnpackable(entry: UnpackedEntry): void {
  const problem = problemOf(entry);
  if (problem === undefined) return;
  const [code, why, hint] = problem;
  const message = `reading entry ${printable(entry.pathBytes, 60)}: ${why}`;
  throw new DockerceptionError('context', code, message, { hint });
}

function problemOf(entry: UnpackedEntry): readonly [ErrorCode, why: string, hint?: string] | void {
  if (entry.type === 'unknown') {
    const hint = 'GNU tar writes such with --label and --listed-incremental';
    return ['TAR_TYPE', 'an entry of a type that no engine unpacks', hint];
  }
  if (entry.type !== 'symlink') return;
  const { length } = entry.linkpathBytes;
  if (length === 0) return ['TAR_LINK', 'a symbolic link without a target'];
  if (length > MAX_TARGET)
    return ['TAR_LINK', 'the target of the symbolic link is too long for any file system'];
}
