/**
 * Files in columns: with an object and a string for each, a million files would take three times the memory, and as long
 * to collect as to read. Each belongs to a folder, and is unique by its name there.
 */
import { sortByName } from './name-sort.js';
import { Leaf } from './node.js';

/** Files for which memory is allocated first. */
const INITIAL_CAPACITY = 1024;
/** Bytes of a name. */
const MAX_PACKED_NAME = 100;
/** Sets of attributes: their numbers have two bytes. */
const MAX_ATTRIBUTES = 0xffff;

interface SharedAttributes {
  /** With the bits of the type. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A new file has the next number, from 1 on. The number 0 means that there is no file. */
export class PackedFiles {
  /** Seconds since 1970. */
  mtimes = new Float64Array(INITIAL_CAPACITY);
  sizes = new Uint32Array(INITIAL_CAPACITY);
  /** Offsets of the contents. */
  offsets = new Float64Array(INITIAL_CAPACITY);
  /** Of each file, its number in `shared`. */
  attributes = new Uint16Array(INITIAL_CAPACITY);
  readonly shared: SharedAttributes[] = [];
  /** All names one after the other. */
  names = Buffer.allocUnsafeSlow(INITIAL_CAPACITY * 16);
  nameStarts = new Uint32Array(INITIAL_CAPACITY);
  nameLengths = new Uint8Array(INITIAL_CAPACITY);
  /** The folder of each file; 0 after it was removed. */
  #folders = new Uint32Array(INITIAL_CAPACITY);
  /** The next file of the same folder. */
  #next = new Uint32Array(INITIAL_CAPACITY);
  /** Files by folder and name: open addressing, at most half full. */
  #table = new Uint32Array(4 * INITIAL_CAPACITY);
  #count = 0;
  #folderCount = 0;
  #namesLength = 0;
  readonly #numbers = new Map<string, number>();
  readonly #wanted = Buffer.alloc(MAX_PACKED_NAME);

  newFolder(): number {
    return ++this.#folderCount;
  }

  /** The number of these attributes; -1 if there are too many. */
  numberOf(mode: number, uid: number, gid: number): number {
    const last = this.shared.length - 1;
    const latest = this.shared[last];
    if (latest !== undefined && latest.mode === mode && latest.uid === uid && latest.gid === gid)
      return last;
    const key = `${mode}:${uid}:${gid}`;
    const known = this.#numbers.get(key);
    if (known !== undefined || last >= MAX_ATTRIBUTES) return known ?? -1;
    this.#numbers.set(key, last + 1);
    this.shared.push({ mode, uid, gid });
    return last + 1;
  }

  /** The file with this name, without attributes if it is new. */
  add(folder: number, buffer: Buffer, from: number, to: number): number {
    if (2 * (this.#count + 2) > this.#table.length) this.#rehash();
    const slot = this.#slotOf(folder, buffer, from, to);
    const found = this.#table[slot] as number;
    if (found !== 0) return found;
    const file = ++this.#count;
    if (file === this.sizes.length) this.#grow();
    if (this.#namesLength + to - from > this.names.length) {
      const names = Buffer.allocUnsafeSlow(2 * this.names.length);
      this.names.copy(names);
      this.names = names;
    }
    this.nameStarts[file] = this.#namesLength;
    this.nameLengths[file] = to - from;
    for (let i = from; i < to; i++) this.names[this.#namesLength++] = buffer[i] as number;
    this.#folders[file] = folder;
    this.#table[slot] = file;
    return file;
  }

  set(file: number, attributes: number, mtime: number, size: number, offset: number): void {
    this.attributes[file] = attributes;
    this.mtimes[file] = mtime;
    this.sizes[file] = size;
    this.offsets[file] = offset;
  }

  /** The number of the file with this name, in binary, or 0 if no file has it. */
  find(folder: number, name: string): number {
    if (name.length > MAX_PACKED_NAME) return 0;
    const length = this.#wanted.write(name, 'latin1');
    return this.#table[this.#slotOf(folder, this.#wanted, 0, length)] as number;
  }

  remove(file: number): void {
    this.#folders[file] = 0;
  }

  /** Adds it after the `last` file of a folder. */
  link(last: number, file: number): void {
    this.#next[last] = file;
  }

  /** The files from `first` on that weren't removed, by the bytes of their names. */
  sorted(first: number, count: number): Uint32Array {
    const files = new Uint32Array(count);
    let at = 0;
    for (let file = first; at < count; file = this.#next[file] as number)
      if (this.#folders[file] !== 0) files[at++] = file;
    sortByName(files, this);
    return files;
  }

  /** How many of these sorted files are before a name. */
  position(sorted: Uint32Array, name: string): number {
    let [from, to] = [0, sorted.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.nameOf(sorted[middle] as number) < name) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  nameOf(file: number): string {
    const start = this.nameStarts[file] as number;
    return this.names.toString('latin1', start, start + (this.nameLengths[file] as number));
  }

  attributesOf(file: number): SharedAttributes {
    return this.shared[this.attributes[file] as number] as SharedAttributes;
  }

  /** A new node each time. */
  leafOf(file: number): Leaf {
    const { mode, uid, gid } = this.attributesOf(file);
    const [mtime, size] = [this.mtimes[file] as number, this.sizes[file] as number];
    return new Leaf(mode, uid, gid, mtime, size, this.offsets[file] as number, undefined);
  }

  #slotOf(folder: number, buffer: Buffer, from: number, to: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    let slot = hashOf(folder, buffer, from, to) & mask;
    for (;;) {
      const file = table[slot] as number;
      if (file === 0 || this.#isNamed(file, folder, buffer, from, to)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isNamed(file: number, folder: number, buffer: Buffer, from: number, to: number): boolean {
    if (this.#folders[file] !== folder || this.nameLengths[file] !== to - from) return false;
    const { names } = this;
    let at = this.nameStarts[file] as number;
    for (let i = from; i < to; i++) if (names[at++] !== buffer[i]) return false;
    return true;
  }

  #rehash(): void {
    const table = (this.#table = new Uint32Array(2 * this.#table.length));
    const mask = table.length - 1;
    for (let file = 1; file <= this.#count; file++) {
      const folder = this.#folders[file] as number;
      if (folder === 0) continue;
      const start = this.nameStarts[file] as number;
      const end = start + (this.nameLengths[file] as number);
      let slot = hashOf(folder, this.names, start, end) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = file;
    }
  }

  #grow(): void {
    const capacity = 2 * this.sizes.length;
    this.mtimes = copied(this.mtimes, new Float64Array(capacity));
    this.sizes = copied(this.sizes, new Uint32Array(capacity));
    this.offsets = copied(this.offsets, new Float64Array(capacity));
    this.attributes = copied(this.attributes, new Uint16Array(capacity));
    this.nameStarts = copied(this.nameStarts, new Uint32Array(capacity));
    this.nameLengths = copied(this.nameLengths, new Uint8Array(capacity));
    this.#folders = copied(this.#folders, new Uint32Array(capacity));
    this.#next = copied(this.#next, new Uint32Array(capacity));
  }
}

function copied<T extends Float64Array | Uint32Array | Uint16Array | Uint8Array>(
  from: T,
  to: T,
): T {
  to.set(from);
  return to;
}

/** FNV-1a. */
function hashOf(folder: number, buffer: Buffer, from: number, to: number): number {
  let hash = Math.imul(folder ^ 0x811c9dc5, 0x01000193);
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (buffer[i] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}
