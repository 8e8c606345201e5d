/**
 * Files as records in one buffer: with an object and a string for each, a million files would take three times the
 * memory, and as long to collect as to read; in a buffer for each field, a layer, whose order differs from that of the
 * tar, would miss the processor's caches once for each. A file belongs to a folder, and is unique by its name there.
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

/** Numbers of 64 bits in a record: the time, in seconds since 1970, and the offset of the content. */
const [MTIME, OFFSET, DOUBLES] = [0, 1, 5];
/**
 * Numbers of 32 bits after them: the bytes of the content, the place and the bytes of the name, the number in `shared`,
 * the folder, which is 0 after the file was removed, and the next file of the same folder.
 */
const [SIZE, NAME, NAME_LENGTH, ATTRIBUTES, FOLDER, NEXT, WORDS] = [4, 5, 6, 7, 8, 9, 10];

/** A new file has the next number, from 1 on. The number 0 means that there is no file. */
export class PackedFiles {
  readonly shared: SharedAttributes[] = [];
  /** All names one after the other. */
  names = Buffer.allocUnsafeSlow(INITIAL_CAPACITY * 16);
  #doubles = new Float64Array(INITIAL_CAPACITY * DOUBLES);
  #words = new Uint32Array(this.#doubles.buffer);
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
    if (file * WORDS === this.#words.length) this.#grow();
    if (this.#namesLength + to - from > this.names.length) {
      const names = Buffer.allocUnsafeSlow(2 * this.names.length);
      this.names.copy(names);
      this.names = names;
    }
    const at = file * WORDS;
    this.#words[at + NAME] = this.#namesLength;
    this.#words[at + NAME_LENGTH] = to - from;
    this.#words[at + FOLDER] = folder;
    for (let i = from; i < to; i++) this.names[this.#namesLength++] = buffer[i] as number;
    this.#table[slot] = file;
    return file;
  }

  set(file: number, attributes: number, mtime: number, size: number, offset: number): void {
    this.#doubles[file * DOUBLES + MTIME] = mtime;
    this.#doubles[file * DOUBLES + OFFSET] = offset;
    this.#words[file * WORDS + SIZE] = size;
    this.#words[file * WORDS + ATTRIBUTES] = attributes;
  }

  /** Seconds since 1970. */
  mtimeOf(file: number): number {
    return this.#doubles[file * DOUBLES + MTIME] as number;
  }

  /** The offset of the content. */
  offsetOf(file: number): number {
    return this.#doubles[file * DOUBLES + OFFSET] as number;
  }

  sizeOf(file: number): number {
    return this.#words[file * WORDS + SIZE] as number;
  }

  /** Where the name begins in `names`. */
  nameStartOf(file: number): number {
    return this.#words[file * WORDS + NAME] as number;
  }

  nameLengthOf(file: number): number {
    return this.#words[file * WORDS + NAME_LENGTH] as number;
  }

  /** A number for each set of attributes. */
  attributeNumberOf(file: number): number {
    return this.#words[file * WORDS + ATTRIBUTES] as number;
  }

  /** The number of the file with this name, in binary, or 0 if no file has it. */
  find(folder: number, name: string): number {
    if (name.length > MAX_PACKED_NAME) return 0;
    const length = this.#wanted.write(name, 'latin1');
    return this.#table[this.#slotOf(folder, this.#wanted, 0, length)] as number;
  }

  remove(file: number): void {
    this.#words[file * WORDS + FOLDER] = 0;
  }

  /** Adds it after the `last` file of a folder. */
  link(last: number, file: number): void {
    this.#words[last * WORDS + NEXT] = file;
  }

  /** The files from `first` on that weren't removed, by the bytes of their names. */
  sorted(first: number, count: number): Uint32Array {
    const files = new Uint32Array(count);
    let at = 0;
    const words = this.#words;
    for (let file = first; at < count; file = words[file * WORDS + NEXT] as number)
      if (words[file * WORDS + FOLDER] !== 0) files[at++] = file;
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
    const start = this.nameStartOf(file);
    return this.names.toString('latin1', start, start + this.nameLengthOf(file));
  }

  attributesOf(file: number): SharedAttributes {
    return this.shared[this.attributeNumberOf(file)] as SharedAttributes;
  }

  /** A new node each time. */
  leafOf(file: number): Leaf {
    const { mode, uid, gid } = this.attributesOf(file);
    const [mtime, size, offset] = [this.mtimeOf(file), this.sizeOf(file), this.offsetOf(file)];
    return new Leaf(mode, uid, gid, mtime, size, offset, undefined);
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
    const words = this.#words;
    const record = file * WORDS;
    if (words[record + FOLDER] !== folder || words[record + NAME_LENGTH] !== to - from)
      return false;
    const { names } = this;
    let at = words[record + NAME] as number;
    for (let i = from; i < to; i++) if (names[at++] !== buffer[i]) return false;
    return true;
  }

  #rehash(): void {
    const table = (this.#table = new Uint32Array(2 * this.#table.length));
    const mask = table.length - 1;
    for (let file = 1; file <= this.#count; file++) {
      const folder = this.#words[file * WORDS + FOLDER] as number;
      if (folder === 0) continue;
      const start = this.nameStartOf(file);
      const end = start + this.nameLengthOf(file);
      let slot = hashOf(folder, this.names, start, end) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = file;
    }
  }

  #grow(): void {
    const doubles = new Float64Array(2 * this.#doubles.length);
    doubles.set(this.#doubles);
    this.#doubles = doubles;
    this.#words = new Uint32Array(doubles.buffer);
  }
}

/** FNV-1a. */
function hashOf(folder: number, buffer: Buffer, from: number, to: number): number {
  let hash = Math.imul(folder ^ 0x811c9dc5, 0x01000193);
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (buffer[i] as number), 0x01000193);
  return hash ^ (hash >>> 15);
}
