/**
 * Entries that engines on Linux can't unpack: attributes of macOS are dropped, and unknown types converted if nothing
 * is lost, otherwise refused (moby/go-archive, `createTarFile`; POSIX.1-2017, pax; GNU tar manual).
 */
import { DockerceptionError } from '../errors.js';
import { GNU_SPARSE, isMetadata } from '../tar/block.js';
import type { EntryHeader } from '../tar/entry-header.js';
import { isAppleRecord } from '../tar/pax.js';
import { printable } from '../text/printable.js';
import { dropRecords } from './attributes.js';
import { dropWithNotice, type Edit } from './edit.js';

const DROPPED: Readonly<Record<string, string>> = {
  V: 'the label of the volume',
  A: 'access control lists in the format of Solaris',
};

const REFUSED: Readonly<Record<string, string>> = {
  M: 'the rest of a file that begins in another volume of a multi-volume archive',
  N: 'a list of names in an obsolete format of GNU tar',
  E: 'an extended attribute in the format of Solaris',
  I: 'an inode without its content, in the format of star',
};

/** @param notice called once for each kind of entry that is dropped, with a line for the user */
export function portable(notice: (message: string) => void): Edit {
  const drop = dropWithNotice(notice);
  const dropApple = dropRecords(isAppleRecord);
  const edit: Edit = (entry) => {
    dropApple(entry);
    if (entry.type === 'contiguous-file') entry.typeflag = '0';
    if (entry.type !== 'unknown') return undefined;
    if (entry.typeflag === 'D') entry.typeflag = '5';
    const dropped = DROPPED[entry.typeflag];
    return dropped === undefined ? undefined : drop(entry, dropped);
  };
  edit.global = (header) => dropApple.global?.(header);
  edit.plain = {};
  return edit;
}

/** Refuses unknown types; runs after entries were selected by name. */
export const refuseUnknown: Edit = (entry) => {
  if (entry.type !== 'unknown') return;
  const { typeflag } = entry;
  const what = REFUSED[typeflag];
  const why = what === undefined ? '' : `: ${what}`;
  const message = `container engines can't unpack its type '${printable(typeflag)}'${why}`;
  throw new DockerceptionError('context', 'TAR_TYPE', message, {
    hint: 'leave it out when the tar is written, or exclude it by its name',
  });
};
refuseUnknown.plain = {};

/** gzip, bzip2, xz, zstd and its skippable frames, in latin1. */
const COMPRESSED = /^(\x1f\x8b\x08|BZh|\xfd7zXZ(\0|$)|\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)/;

/**
 * Whether `docker build`, buildx and BuildKit recognise a stream as a tar by this first entry: its header is complete, and
 * does not start like compressed data, as a name such as `BZhang` does (moby/go-archive, DetectCompression; docker/cli,
 * IsArchive).
 * @param lead typeflag of the entry's first block
 */
export function isRecognisable(entry: EntryHeader, lead: number): boolean {
  if (isMetadata(lead) || lead === GNU_SPARSE || entry.hasMetadata) return false;
  return !COMPRESSED.test(entry.pathBytes.toString('latin1', 0, 6));
}
