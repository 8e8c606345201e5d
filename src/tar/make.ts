/**
 * Headers of our own: the root directory in front, and the blocks that carry a name or a record
 * too long for a header. POSIX.1-2017 pax, "ustar Interchange Format".
 */
import {
  BLOCK,
  LINKNAME,
  MAGIC,
  MODE,
  MTIME,
  SIZE,
  TYPEFLAG,
  UID,
  GID,
  paddingOf,
} from './block.js';
import { writeChecksum } from './checksum.js';
import { writeNumber } from './numeric.js';

/** What a made header says. */
export interface MadeHeader {
  /** At most 100 bytes. */
  readonly name: string;
  /** One character. */
  readonly typeflag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the body. */
  readonly size: number;
  /** Seconds since 1970, whole. */
  readonly mtime: number;
  /** Of a link: at most 100 bytes. */
  readonly linkname?: string;
}

/** One header block, in ustar format. */
export function makeHeader(header: MadeHeader): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(header.name, 0, 100, 'utf8');
  writeNumber(block, 0, MODE, header.mode);
  writeNumber(block, 0, UID, header.uid);
  writeNumber(block, 0, GID, header.gid);
  writeNumber(block, 0, SIZE, header.size);
  writeNumber(block, 0, MTIME, Math.floor(header.mtime));
  block.write(header.typeflag, TYPEFLAG, 1, 'latin1');
  if (header.linkname !== undefined) block.write(header.linkname, LINKNAME.at, 100, 'utf8');
  block.write('ustar\x0000', MAGIC.at, 8, 'latin1');
  writeChecksum(block, 0);
  return block;
}

/** `./`, a directory in plain ustar: everything that peeks at a stream takes it for a tar. */
export function makeRoot(uid: number, gid: number, mtime: number): Buffer {
  return makeHeader({ name: './', typeflag: '5', mode: 0o755, uid, gid, size: 0, mtime });
}

/** A metadata entry: its header, its data, its padding. */
export function makeMetadata(typeflag: 'x' | 'L' | 'K', data: Buffer, mtime: number): Buffer {
  const name = typeflag === 'x' ? './PaxHeaders/entry' : '././@LongLink';
  const header = makeHeader({
    name,
    typeflag,
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: data.length,
    mtime,
  });
  return Buffer.concat([header, data, Buffer.alloc(paddingOf(data.length))]);
}

/** Two zero blocks. */
export const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK);
