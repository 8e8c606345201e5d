/**
 * The entries of an image archive: ustar, owner 0:0, one time stamp, so that the same blobs make the
 * same bytes. A body of 8 GiB and more has its size in base-256, which
 * Go's archive/tar (docker, podman, skopeo, containerd), libarchive and GNU tar all read.
 */
import { MAGIC } from '../tar/block.js';
import { writeChecksum } from '../tar/checksum.js';
import { makeHeader } from '../tar/make.js';

/** What 11 octal digits can't tell. */
const OCTAL_LIMIT = 8 ** 11;

/** A regular file's header; `mtime` is seconds since 1970. */
export function fileHeader(name: string, size: number, mtime: number): Buffer {
  const header = makeHeader({ name, typeflag: '0', mode: 0o644, uid: 0, gid: 0, size, mtime });
  if (size >= OCTAL_LIMIT) {
    // Base-256 is GNU's.
    header.write('ustar  \0', MAGIC.at, 'latin1');
    writeChecksum(header, 0);
  }
  return header;
}

/** A folder's header; `name` ends in a slash. */
export function folderHeader(name: string, mtime: number): Buffer {
  return makeHeader({ name, typeflag: '5', mode: 0o755, uid: 0, gid: 0, size: 0, mtime });
}
