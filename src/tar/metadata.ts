/**
 * The blocks before a header that describe it: PAX (x, Sun's X) and GNU long names (L, K). They are written as they
 * were read unless something in them was set. At most one of each kind is accepted: readers disagree about which of
 * two counts. POSIX.1-2017 pax; GNU tar manual, "Basic Tar Format".
 */
import { DockerceptionError } from '../errors.js';
import * as block from './block.js';
import { BLOCK, type Field } from './block.js';
import { holdsNumber, readNumber, writeChecksum, writeNumber } from './header-fields.js';
import { PaxRecords } from './pax.js';
import { metadataEntry, paddingAfter } from './writer.js';

/** The maximum size of the metadata of one header, as in Go's archive/tar. Bytes. */
export const METADATA_LIMIT = 1024 * 1024;

/**
 * One metadata entry: its header and its data, which chunks may deliver in pieces. Its header has an owner, a mode and
 * a time, which no reader applies but every reader parses, and which reveal the builder as an entry's do.
 */
export class MetadataBlock {
  /** A copy, which may be written to. */
  readonly header: Buffer;
  /** Data and padding. */
  readonly #data: Buffer;
  readonly #size: number;
  #filled = 0;
  #isDirty = false;

  /** Reads the header at `at`. Throws TAR_METADATA for an invalid size. */
  constructor(buffer: Buffer, at: number) {
    const size = readNumber(buffer, at, block.SIZE, 'size');
    if (size < 0 || size > METADATA_LIMIT) {
      const why = size < 0 ? 'negative' : `${size} bytes, more than 1 MiB`;
      throw metadataError(`the extended header's size is ${why}`);
    }
    this.#size = size;
    this.header = Buffer.from(buffer.subarray(at, at + BLOCK));
    this.#data = Buffer.alloc(size + block.paddingOf(size));
  }

  get typeflag(): number {
    return this.header[block.TYPEFLAG] as number;
  }

  get isComplete(): boolean {
    return this.#filled === this.#data.length;
  }

  /** The data without the padding. */
  get content(): Buffer {
    return this.#data.subarray(0, this.#size);
  }

  /** Copies the missing bytes from `chunk`; returns their number. */
  fill(chunk: Buffer, at: number): number {
    const step = chunk.copy(this.#data, this.#filled, at);
    this.#filled += step;
    return step;
  }

  /** Gives Sun's extended header the typeflag of POSIX. */
  makePosix(): void {
    if (this.typeflag !== block.PAX_SUN) return;
    this.header[block.TYPEFLAG] = block.PAX;
    this.#isDirty = true;
  }

  /** Throws TAR_FIELD for an invalid number that no edit replaces. */
  checkNumbers(): void {
    readNumber(this.header, 0, block.MODE, "extended header's mode");
    readNumber(this.header, 0, block.MTIME, "extended header's mtime");
  }

  /** Throws TAR_FIELD for an invalid owner. */
  checkOwner(): void {
    readNumber(this.header, 0, block.UID, "extended header's uid");
    readNumber(this.header, 0, block.GID, "extended header's gid");
  }

  setNumber(field: Field, value: number): void {
    if (holdsNumber(this.header, 0, field, value)) return;
    writeNumber(this.header, 0, field, value);
    this.#isDirty = true;
  }

  mapTime(change: (time: number) => number): void {
    const time = readNumber(this.header, 0, block.MTIME, 'extended header');
    this.setNumber(block.MTIME, Math.floor(change(time)));
  }

  /** Empties a text field; a v7 header has none. */
  clearText({ at, length }: Field): void {
    if (block.magicOf(this.header, 0) === 'v7' || this.header[at] === 0) return;
    this.header.fill(0, at, at + length);
    this.#isDirty = true;
  }

  /** The blocks to write, with other data if given. */
  blocks(data?: Buffer): Buffer[] {
    if (data !== undefined) writeNumber(this.header, 0, block.SIZE, data.length);
    if (data !== undefined || this.#isDirty) writeChecksum(this.header, 0);
    return data === undefined
      ? [this.header, this.#data]
      : [this.header, data, paddingAfter(data.length)];
  }
}

/** `x` is Sun's `X`, too. */
type Kind = 'x' | 'L' | 'K';

/** All local metadata of one entry. */
export class Metadata {
  readonly #blocks: MetadataBlock[] = [];
  #pax: PaxRecords | undefined;
  #longName: Buffer | undefined;
  #longLink: Buffer | undefined;
  /** Whose data was set; the other data is written unchanged, including its padding. */
  readonly #dirty = new Set<Kind>();

  get isEmpty(): boolean {
    return this.#blocks.length === 0 && this.#dirty.size === 0;
  }

  /**
   * Adds a complete block. Throws TAR_PAX for malformed records, TAR_METADATA for a second one of its kind, TAR_FIELD
   * for an invalid number.
   */
  add(added: MetadataBlock): void {
    added.checkNumbers();
    const kind = kindOf(added.typeflag);
    if (kind === 'L') {
      if (this.#longName !== undefined) throw repeated('GNU long name');
      this.#longName = untilNul(added.content);
    } else if (kind === 'K') {
      if (this.#longLink !== undefined) throw repeated('GNU long link');
      this.#longLink = untilNul(added.content);
    } else {
      if (this.#pax !== undefined) throw repeated('PAX header');
      this.#pax = PaxRecords.parse(added.content);
    }
    this.#blocks.push(added);
  }

  get pax(): PaxRecords | undefined {
    return this.#pax;
  }

  get longName(): Buffer | undefined {
    return this.#longName;
  }

  get longLink(): Buffer | undefined {
    return this.#longLink;
  }

  /**
   * Refuses names that readers disagree about: Go prefers a GNU long name where others prefer PAX, and uses
   * GNU.sparse.name only if a map says that the file is sparse. Throws TAR_METADATA and TAR_NAME.
   * @param inHeader returns the header's own name
   */
  checkNames(inHeader: () => Buffer): void {
    const [path, link] = [this.#pax?.get('path'), this.#pax?.get('linkpath')];
    if (differ(path, this.#longName)) throw disagree('path', 'GNU long name');
    if (differ(link, this.#longLink)) throw disagree('linkpath', 'GNU long link');
    if (path?.includes(0) === true || link?.includes(0) === true) {
      throw new DockerceptionError('context', 'TAR_NAME', 'a name in PAX has a NUL in it');
    }
    const sparse = this.#pax?.get('GNU.sparse.name');
    if (sparse === undefined) return;
    const shown = path ?? this.#longName ?? inHeader();
    const hasMap = ['GNU.sparse.major', 'GNU.sparse.map'].some((key) => this.#pax?.get(key));
    if (!hasMap || leadsOutside(shown, sparse)) throw disagree('GNU.sparse.name', 'name');
  }

  setRecord(key: string, value: Buffer): void {
    this.#pax ??= PaxRecords.empty();
    this.changeRecords((records) => records.set(key, value));
  }

  /** Changes the PAX records, if any. */
  changeRecords(change: (records: PaxRecords) => void): void {
    if (this.#pax === undefined) return;
    change(this.#pax);
    if (this.#pax.changed) this.#dirty.add('x');
  }

  setLongName(name: Buffer): void {
    if (this.#longName?.equals(name) !== true) this.#dirty.add('L');
    this.#longName = name;
  }

  setLongLink(name: Buffer): void {
    if (this.#longLink?.equals(name) !== true) this.#dirty.add('K');
    this.#longLink = name;
  }

  /** Calls `change` for each block, to edit its own header. */
  changeHeaders(change: (block: MetadataBlock) => void): void {
    for (const part of this.#blocks) change(part);
  }

  /** The blocks to write. `mtime` dates a block that is new. */
  serialize(mtime: number): Buffer[] {
    const added = new Set(this.#dirty);
    const blocks = this.#blocks.flatMap((part) => {
      const kind = kindOf(part.typeflag);
      added.delete(kind);
      if (!this.#dirty.has(kind)) return part.blocks();
      const data = this.#data(kind);
      return data === undefined ? [] : part.blocks(data);
    });
    for (const kind of added) {
      const data = this.#data(kind);
      if (data !== undefined) blocks.push(metadataEntry(kind, data, mtime));
    }
    return blocks;
  }

  /** The data of a kind; undefined if no record is left. */
  #data(kind: Kind): Buffer | undefined {
    if (kind === 'x') return this.#pax?.isEmpty === false ? this.#pax.serialize() : undefined;
    const name = kind === 'L' ? this.#longName : this.#longLink;
    return name && Buffer.concat([name, Buffer.alloc(1)]);
  }
}

function kindOf(typeflag: number): Kind {
  if (typeflag === block.GNU_LONG_NAME) return 'L';
  return typeflag === block.GNU_LONG_LINK ? 'K' : 'x';
}

/** An empty record only cancels another one. */
function differ(record: Buffer | undefined, long: Buffer | undefined): boolean {
  return record !== undefined && long !== undefined && record.length > 0 && !record.equals(long);
}

/** Whether the name beside a sparse file's own one leads outside where its own doesn't. */
function leadsOutside(shown: Buffer, name: Buffer): boolean {
  const climbs = shown.includes('..') && shown.toString('latin1').split('/').includes('..');
  return climbs || (shown[0] === 0x2f && name[0] !== 0x2f);
}

function untilNul(data: Buffer): Buffer {
  const nul = data.indexOf(0);
  return nul < 0 ? data : data.subarray(0, nul);
}

export function metadataError(message: string): DockerceptionError {
  return new DockerceptionError('context', 'TAR_METADATA', message);
}

function disagree(record: string, other: string): DockerceptionError {
  return metadataError(`its PAX record '${record}' and its ${other} disagree`);
}

function repeated(what: string): DockerceptionError {
  return metadataError(`a second ${what} for the same entry`);
}
