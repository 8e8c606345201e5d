/**
 * The one writer of tar headers. An entry of our own gets ustar where everything fits, else a PAX header in front
 * with the records that don't. Owners are numbers alone.
 * POSIX.1-2017 pax, "pax Interchange Format" and "ustar Interchange Format"; SCHILY.xattr as in
 * star(1), which container engines read.
 */
import type { Field } from './block.js';
import * as block from './block.js';
import { writeChecksum, writeName, writeNumber } from './header-fields.js';
import { PaxRecords } from './pax.js';

/** What an entry's header says. Names are binary strings: one character a byte. */
export interface WrittenEntry {
  readonly path: string;
  /** One character. */
  readonly typeflag: string;
  /** Permission bits, 07777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of the body. */
  readonly size: number;
  /** Seconds since 1970, whole. */
  readonly mtime: number;
  /** The target of a link. */
  readonly linkpath?: string | undefined;
  readonly device?: { readonly major: number; readonly minor: number } | undefined;
  readonly xattrs?: ReadonlyMap<string, Buffer> | undefined;
}

/** Two zero blocks. */
export const END_OF_ARCHIVE = Buffer.alloc(2 * block.BLOCK);

/** The magic, and zero for numbers: the same in all headers. */
const BLANK = Buffer.alloc(block.BLOCK);
BLANK.write(block.USTAR_MAGIC, block.MAGIC.at, 'latin1');
for (const field of [block.UID, block.GID, block.SIZE, block.MTIME])
  writeNumber(BLANK, 0, field, 0);

/** The largest size or time that octal holds, before a NUL. */
const MAX_SIZE = 0o77777777777;

/**
 * Writes an entry's header to `target`, which has room for one block at `at`. Returns the blocks that
 * have to precede it, if any.
 */
export function writeHeader(target: Buffer, at: number, entry: WrittenEntry): Buffer | undefined {
  const fits = writeBlock(target, at, entry);
  if (fits && (entry.xattrs === undefined || entry.xattrs.size === 0)) return undefined;
  const time = Math.min(Math.max(entry.mtime, 0), MAX_SIZE);
  return metadataEntry('x', recordsOf(entry).serialize(), time);
}

/** The same as one buffer. */
export function headerOf(entry: WrittenEntry): Buffer {
  const header = Buffer.allocUnsafe(block.BLOCK);
  const front = writeHeader(header, 0, entry);
  return front === undefined ? header : Buffer.concat([front, header]);
}

/**
 * The header of an entry whose names fit, as one block whatever its numbers: octal is replaced by base-256, which
 * Go's archive/tar (docker, podman, skopeo, containerd), libarchive and GNU tar all read.
 */
export function headerBlock(entry: WrittenEntry): Buffer {
  const header = Buffer.allocUnsafe(block.BLOCK);
  writeBlock(header, 0, entry);
  writeNumber(header, 0, block.UID, entry.uid);
  writeNumber(header, 0, block.GID, entry.gid);
  writeNumber(header, 0, block.SIZE, entry.size);
  writeNumber(header, 0, block.MTIME, entry.mtime);
  if (entry.size > MAX_SIZE) header.write(block.GNU_MAGIC, block.MAGIC.at, 'latin1');
  writeChecksum(header, 0);
  return header;
}

/** `./`, a directory in plain ustar: everything that reads the first bytes of a stream takes it for a tar. */
export function rootHeader(uid: number, gid: number, mtime: number): Buffer {
  return headerBlock({
    path: './',
    typeflag: '5',
    mode: 0o755,
    uid,
    gid,
    size: 0,
    mtime: Math.floor(mtime),
  });
}

/** A metadata entry: its header, its data, its padding. */
export function metadataEntry(typeflag: 'x' | 'L' | 'K', data: Buffer, mtime: number): Buffer {
  const header = headerBlock({
    path: typeflag === 'x' ? './PaxHeaders/entry' : '././@LongLink',
    typeflag,
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: data.length,
    mtime,
  });
  return Buffer.concat([header, data, paddingAfter(data.length)]);
}

/** The zeros that follow a body of `size` bytes. */
export function paddingAfter(size: number): Buffer {
  return END_OF_ARCHIVE.subarray(0, block.paddingOf(size));
}

/** Writes the one block; false when a name or a number didn't fit. */
function writeBlock(target: Buffer, at: number, entry: WrittenEntry): boolean {
  BLANK.copy(target, at);
  let fits = true;
  if (entry.path.length <= block.NAME.length)
    target.write(entry.path, at, block.NAME.length, 'latin1');
  else fits = writeName(target, at, Buffer.from(entry.path, 'latin1'));
  writeNumber(target, at, block.MODE, entry.mode);
  if (entry.uid !== 0 && !writeFitting(target, at, block.UID, entry.uid)) fits = false;
  if (entry.gid !== 0 && !writeFitting(target, at, block.GID, entry.gid)) fits = false;
  if (entry.size !== 0 && !writeFitting(target, at, block.SIZE, entry.size)) fits = false;
  if (!writeFitting(target, at, block.MTIME, entry.mtime)) fits = false;
  target[at + block.TYPEFLAG] = entry.typeflag.charCodeAt(0);
  const { linkpath, device } = entry;
  if (linkpath !== undefined) {
    target.write(linkpath, at + block.LINKNAME.at, block.LINKNAME.length, 'latin1');
    if (linkpath.length > block.LINKNAME.length) fits = false;
  }
  if (device !== undefined) {
    writeNumber(target, at, block.DEVMAJOR, device.major);
    writeNumber(target, at, block.DEVMINOR, device.minor);
  }
  writeChecksum(target, at);
  return fits;
}

/** Whether the field holds the integer as octal digits and a NUL. */
function isOctal(value: number, { length }: Field): boolean {
  return value >= 0 && value < 8 ** (length - 1);
}

/** Writes a number that octal holds; otherwise the field stays 0, and a record is needed. */
function writeFitting(target: Buffer, at: number, field: Field, value: number): boolean {
  const fits = isOctal(value, field);
  if (fits) writeNumber(target, at, field, value);
  return fits;
}

/** Every record that is needed, in one order for one content. */
function recordsOf(entry: WrittenEntry): PaxRecords {
  const records = PaxRecords.empty();
  const text = (key: string, value: string): void => records.set(key, Buffer.from(value, 'latin1'));
  const { path, linkpath = '', uid, gid, size, mtime, xattrs = new Map<string, Buffer>() } = entry;
  if (!isOctal(gid, block.GID)) text('gid', String(gid));
  if (linkpath.length > block.LINKNAME.length) text('linkpath', linkpath);
  if (!isOctal(mtime, block.MTIME)) text('mtime', String(mtime));
  if (path.length > block.NAME.length) text('path', path);
  for (const name of [...xattrs.keys()].sort())
    records.set(`SCHILY.xattr.${name}`, xattrs.get(name) as Buffer);
  if (!isOctal(size, block.SIZE)) text('size', String(size));
  if (!isOctal(uid, block.UID)) text('uid', String(uid));
  return records;
}
