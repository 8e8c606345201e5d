/**
 * What engines on Linux can't unpack: macOS attributes are left out, and entries whose type the
 * engines don't know are converted where nothing is lost, else refused. moby/go-archive,
 * `createTarFile`; POSIX.1-2017 pax for type 7, GNU tar manual for the capital letters.
 */
import { DockerceptionError } from '../errors.js';
import { GNU_SPARSE, isMetadata } from '../tar/block.js';
import type { EntryHeader } from '../tar/entry-header.js';
import { isAppleRecord } from '../tar/pax.js';
import { printable } from '../text/printable.js';
import { dropRecords } from './attributes.js';
import { type Edit, leavingOut } from './edit.js';

/** What an unknown entry is, for the message. */
const REFUSED: Readonly<Record<string, string>> = {
  M: 'the rest of a file that begins in another volume of a multi-volume archive',
  N: 'a list of names in an obsolete format of GNU tar',
  E: 'an extended attribute in the format of Solaris',
  I: 'an inode without its content, in the format of star',
};

/** `notice` is called once for each kind of entry that is left out, with a line for the user. */
export function portable(notice: (message: string) => void): Edit {
  const leaveOut = leavingOut(notice);
  const dropApple = dropRecords(isAppleRecord);
  const edit: Edit = (entry) => {
    dropApple(entry);
    if (entry.type === 'contiguous-file') entry.typeflag = '0';
    if (entry.type !== 'unknown') return undefined;
    switch (entry.typeflag) {
      case 'D':
        entry.typeflag = '5';
        return undefined;
      case 'V':
        return leaveOut(entry, 'the label of the volume');
      case 'A':
        return leaveOut(entry, 'access control lists in the format of Solaris');
      default:
        return undefined;
    }
  };
  edit.global = (header) => dropApple.global?.(header);
  return edit;
}

/** Refuses what is left of unknown types: after entries were selected by their names. */
export const refuseUnknown: Edit = (entry) => {
  if (entry.type === 'unknown') throw unknownType(entry.typeflag);
};

function unknownType(typeflag: string): DockerceptionError {
  const flag = printable(typeflag);
  const what = REFUSED[typeflag];
  const why = what === undefined ? '' : `: ${what}`;
  const message = `container engines can't unpack its type '${flag}'${why}`;
  return new DockerceptionError('context', 'TAR_TYPE', message, {
    hint: 'leave it out when the tar is written, or exclude it by its name',
  });
}

/** gzip, bzip2, xz, zstd and its skippable frames, one character a byte. */
const COMPRESSED = /^(\x1f\x8b\x08|BZh|\xfd7zXZ(\0|$)|\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)/;

/** Whether a stream may start with this entry, as it leaves; `lead` is its first block's typeflag. */
export function isRecognisable(entry: EntryHeader, lead: number): boolean {
  if (isMetadata(lead) || lead === GNU_SPARSE || entry.hasMetadata) return false;
  return !COMPRESSED.test(entry.pathBytes.toString('latin1', 0, 6));
}
