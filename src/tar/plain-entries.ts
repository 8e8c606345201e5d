/**
 * The fast path of the walk: files and directories without metadata, in the form that most programs write. What edits do
 * to them is known, so that one loop checks and changes their headers. Everything else, and every error, is left to the
 * general path; both give the same bytes.
 */
import * as block from './block.js';
import { BLOCK, type Field } from './block.js';
import type { ChunkWindow } from './chunk-window.js';
import { sumOf, sumOfField, writeChecksum, writeNumber } from './header-fields.js';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What all edits together do to a plain entry. */
export interface PlainEdit {
  /** They set this owner, and empty its names. @default they change nothing */
  readonly owner?: Owner | undefined;
  /** They have to see the first entry of each folder in the root. @default false */
  readonly seesRoots?: boolean;
}

/** Receives plain files with their bodies, if nothing is written. Directories are left to the general path. */
export interface PlainFiles {
  /** Bytes of the largest body. */
  readonly maxSize: number;
  /**
   * The next file, which has the values of its header at `at`, except for its owner. False leaves it to the general path.
   * @param nameAt where its name begins
   */
  file(header: Buffer, at: number, nameAt: number, size: number, owner: Owner): boolean;
  /** The next bytes of its body: a part of the chunk. */
  body(bytes: Buffer): void;
}

const FILE = 0x30;
const DIRECTORY = 0x35;
const SLASH = 0x2f;
const DOT = 0x2e;

export class PlainEntries {
  /** Entries that were passed. */
  count = 0;
  /** The size of the body in which `pass` stopped, because the chunk ends in it or its padding is not zero; else -1. */
  body = -1;
  /** The name in the root of the last entry that the edits have seen. */
  readonly #root = Buffer.alloc(block.NAME.length);
  #rootLength = 0;
  /** The fields of the owner. */
  #owner: Owner | undefined;
  readonly #ids = Buffer.alloc(BLOCK);

  constructor(
    private readonly window: ChunkWindow,
    private readonly files?: PlainFiles,
  ) {}

  /** Remembers the name in the root of the header at `at`, which the edits have seen. */
  see(buffer: Buffer, at: number): void {
    this.#rootLength = 0;
    if (buffer[at + block.PREFIX.at] !== 0) return;
    const from = startOf(buffer, at);
    this.#rootLength = buffer.copy(this.#root, 0, from, endOfComponent(buffer, from, at));
  }

  /**
   * Passes the plain entries of the chunk from `at` on. Returns where it stopped: before another entry, or in `body`.
   */
  pass(at: number, edit: PlainEdit): number {
    const { window } = this;
    this.body = -1;
    let next = at;
    while (next + BLOCK <= window.chunk.length) {
      const size = this.take(window.chunk, next, edit);
      if (size < 0) break;
      const { chunk } = window;
      const bodyEnd = next + BLOCK + size;
      const end = bodyEnd + block.paddingOf(size);
      if (end > chunk.length || (end > bodyEnd && chunk[bodyEnd] !== 0)) {
        this.body = size;
        return next + BLOCK;
      }
      if (size > 0) this.files?.body(chunk.subarray(next + BLOCK, bodyEnd));
      next = end;
    }
    return next;
  }

  /** Edits the header at `at`, the current block. Returns the size of the body; -1 if it isn't that of a plain entry. */
  take(buffer: Buffer, at: number, edit: PlainEdit): number {
    const flag = buffer[at + block.TYPEFLAG] as number;
    if (flag !== FILE && flag !== DIRECTORY) return -1;
    const size = octal(buffer, at, block.SIZE);
    if (size < 0 || (flag === DIRECTORY && size > 0)) return -1;
    if (!this.#isPlain(buffer, at, flag, edit)) return -1;
    const sum = sumOf(buffer, at);
    if (octal(buffer, at, block.CHECKSUM) !== sum) return -1;
    if (this.files !== undefined) {
      if (!this.#report(this.files, buffer, at, flag, size, edit.owner)) return -1;
    } else if (edit.owner !== undefined) this.#editOwner(buffer, at, edit.owner, sum);
    this.count++;
    return size;
  }

  #report(
    files: PlainFiles,
    header: Buffer,
    at: number,
    flag: number,
    size: number,
    owner: Owner = { uid: octal(header, at, block.UID), gid: octal(header, at, block.GID) },
  ): boolean {
    const isReported = flag === FILE && size <= files.maxSize;
    return isReported && files.file(header, at, startOf(header, at), size, owner);
  }

  #editOwner(buffer: Buffer, at: number, owner: Owner, sum: number): void {
    if (owner !== this.#owner) this.#setOwner(owner);
    const isOwner =
      octal(buffer, at, block.UID) === owner.uid && octal(buffer, at, block.GID) === owner.gid;
    const isNamed = buffer[at + block.UNAME.at] !== 0 || buffer[at + block.GNAME.at] !== 0;
    if (isOwner && !isNamed) return;
    const own = this.window.writable();
    let change = 0;
    if (octal(own, at, block.UID) !== owner.uid) change += replace(own, at, block.UID, this.#ids);
    if (octal(own, at, block.GID) !== owner.gid) change += replace(own, at, block.GID, this.#ids);
    if (isNamed) change += clear(own, at, block.UNAME) + clear(own, at, block.GNAME);
    writeChecksum(own, at, sum + change);
  }

  #setOwner(owner: Owner): void {
    this.#owner = owner;
    writeNumber(this.#ids, 0, block.UID, owner.uid);
    writeNumber(this.#ids, 0, block.GID, owner.gid);
  }

  /** Whether the name and all numbers but the size are plain. */
  #isPlain(chunk: Buffer, at: number, flag: number, { seesRoots }: PlainEdit): boolean {
    const isPlain =
      block.magicOf(chunk, at) !== 'v7' &&
      chunk[at + block.PREFIX.at] === 0 &&
      !block.isStar(chunk, at) &&
      octal(chunk, at, block.MODE) >= 0 &&
      octal(chunk, at, block.UID) >= 0 &&
      octal(chunk, at, block.GID) >= 0 &&
      octal(chunk, at, block.MTIME) >= 0 &&
      octal(chunk, at, block.DEVMAJOR) >= 0 &&
      octal(chunk, at, block.DEVMINOR) >= 0;
    if (!isPlain) return false;
    const from = startOf(chunk, at);
    const root = endOfComponent(chunk, from, at);
    // What is in the root may be the Dockerfile.
    if (!isBelowRoot(chunk, from, root, at, flag)) return false;
    return seesRoots !== true || this.#isSeen(chunk, from, root);
  }

  #isSeen(chunk: Buffer, from: number, end: number): boolean {
    if (end - from !== this.#rootLength) return false;
    for (let i = from; i < end; i++) if (chunk[i] !== this.#root[i - from]) return false;
    return true;
  }
}

/** A field's number if it has octal digits and then blanks only; -1 otherwise. */
export function octal(header: Buffer, at: number, field: Field): number {
  let i = at + field.at;
  const end = i + field.length;
  let value = 0;
  for (; i < end; i++) {
    const digit = (header[i] as number) - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; i < end; i++) if (header[i] !== 0 && header[i] !== 0x20) return -1;
  return value;
}

/** Where the name begins, after a `./`. */
function startOf(header: Buffer, at: number): number {
  return header[at] === DOT && header[at + 1] === SLASH ? at + 2 : at;
}

/** The end of the component that begins at `from`. */
function endOfComponent(header: Buffer, from: number, at: number): number {
  const limit = at + block.NAME.length;
  let i = from;
  while (i < limit && header[i] !== 0 && header[i] !== SLASH) i++;
  return i;
}

/** Whether a name has two components or more, none of them empty, `.` or `..`, and a slash after them if it is a directory. */
function isBelowRoot(
  header: Buffer,
  from: number,
  root: number,
  at: number,
  flag: number,
): boolean {
  const limit = at + block.NAME.length;
  let start = from;
  let end = root;
  for (let components = 1; ; components++) {
    const length = end - start;
    if (length === 0 || (header[start] === DOT && (length === 1 || header[start + 1] === DOT)))
      return false;
    const isLast = end === limit || header[end] === 0;
    const isClosed = !isLast && (end + 1 === limit || header[end + 1] === 0);
    if (isLast || isClosed) return components > 1 && (isLast || flag === DIRECTORY);
    start = end + 1;
    end = endOfComponent(header, start, at);
  }
}

/** Copies a field. Returns the change of the sum of its bytes. */
function replace(header: Buffer, at: number, field: Field, own: Buffer): number {
  const change = sumOfField(own, 0, field) - sumOfField(header, at, field);
  for (let i = field.at; i < field.at + field.length; i++) header[at + i] = own[i] as number;
  return change;
}

/** Clears a text that isn't empty. Returns the change of the sum of its bytes. */
function clear(header: Buffer, at: number, field: Field): number {
  const from = at + field.at;
  if (header[from] === 0) return 0;
  let sum = 0;
  for (let i = from; i < from + field.length; i++) {
    sum += header[i] as number;
    header[i] = 0;
  }
  return -sum;
}
