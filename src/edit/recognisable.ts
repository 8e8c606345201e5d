/**
 * What `docker build`, buildx and BuildKit take for a tar by a stream's first 1,024 bytes: a
 * header that says all of its entry, and that doesn't start as compressed data does. A first
 * entry called `BZhang` is bzip2 to them. moby/go-archive, DetectCompression; docker/cli, IsArchive.
 */
import type { EntryHeader } from '../tar/entry-header.js';
import { GNU_SPARSE, isMetadata } from '../tar/typeflag.js';

/** gzip, bzip2, xz, zstd and its skippable frames, one character a byte. */
const COMPRESSED = /^(\x1f\x8b\x08|BZh|\xfd7zXZ(\0|$)|\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)/;

/** Whether a stream may start with this entry, as it leaves; `lead` is its first block's typeflag. */
export function isRecognisable(entry: EntryHeader, lead: number): boolean {
  if (isMetadata(lead) || lead === GNU_SPARSE || entry.hasMetadata) return false;
  return !COMPRESSED.test(entry.pathBytes.toString('latin1', 0, 6));
}
