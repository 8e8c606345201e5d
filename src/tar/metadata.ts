/**
 * The blocks in front of a header that describe it: PAX (x, Sun's X) and GNU long names (L, K).
 * They leave as they came unless something in them was set. At most one of each kind: readers
 * disagree about which of two counts. POSIX.1-2017 pax; GNU tar manual, "Basic Tar Format".
 */
import { DockerceptionError } from '../errors.js';
import type { Field } from './block.js';
import * as block from './block.js';
import { writeChecksum } from './checksum.js';
import { holdsNumber, readNumber, writeNumber } from './numeric.js';
import { PaxRecords } from './pax.js';
import { GNU_LONG_LINK, GNU_LONG_NAME } from './typeflag.js';
import { metadataEntry, paddingAfter } from './writer.js';

/** `x` is Sun's `X`, too. */
type Kind = 'x' | 'L' | 'K';

interface Part {
  readonly typeflag: number;
  /** The header, writable. */
  readonly header: Buffer;
  /** The data with its padding. */
  readonly data: Buffer;
  headerDirty: boolean;
}

/** All local metadata of one entry. */
export class Metadata {
  readonly #parts: Part[] = [];
  #pax: PaxRecords | undefined;
  #longName: Buffer | undefined;
  #longLink: Buffer | undefined;
  /** Whose data was set: the other parts' stays, to the last byte of its padding. */
  readonly #dirty = new Set<Kind>();

  get isEmpty(): boolean {
    return this.#parts.length === 0 && this.#dirty.size === 0;
  }

  /**
   * Takes the next block group: `header` may be written to later, `data` is `size` bytes and
   * padding. Throws TAR_PAX for malformed records, TAR_METADATA for a second one of its kind,
   * TAR_FIELD for a number that is none.
   */
  add(header: Buffer, data: Buffer, size: number): void {
    checkNumbers(header);
    const typeflag = header[block.TYPEFLAG] as number;
    if (typeflag === GNU_LONG_NAME) {
      if (this.#longName !== undefined) throw repeated('GNU long name');
      this.#longName = untilNul(data.subarray(0, size));
    } else if (typeflag === GNU_LONG_LINK) {
      if (this.#longLink !== undefined) throw repeated('GNU long link');
      this.#longLink = untilNul(data.subarray(0, size));
    } else {
      if (this.#pax !== undefined) throw repeated('PAX header');
      this.#pax = PaxRecords.parse(data.subarray(0, size));
    }
    this.#parts.push({ typeflag, header, data, headerDirty: false });
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
   * Refuses names that readers disagree about: Go goes by a GNU long name where others go by PAX,
   * and by GNU.sparse.name only where a map says that the file is sparse. Throws TAR_METADATA and
   * TAR_NAME. `inHeader` gives the header's own name.
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
    if (!this.#isSparse || leadsOutside(shown, sparse)) throw disagree('GNU.sparse.name', 'name');
  }

  get #isSparse(): boolean {
    return ['GNU.sparse.major', 'GNU.sparse.map'].some((key) => this.#pax?.get(key) !== undefined);
  }

  setRecord(key: string, value: Buffer): void {
    this.#pax ??= PaxRecords.empty();
    this.#pax.set(key, value);
    if (this.#pax.changed) this.#dirty.add('x');
  }

  deleteRecord(key: string): void {
    this.#pax?.delete(key);
    if (this.#pax?.changed === true) this.#dirty.add('x');
  }

  /** Deletes every record whose key isn't kept. */
  keepRecords(keeps: (key: string) => boolean): void {
    this.#pax?.keep(keeps);
    if (this.#pax?.changed === true) this.#dirty.add('x');
  }

  setLongName(name: Buffer): void {
    if (this.#longName?.equals(name) !== true) this.#dirty.add('L');
    this.#longName = name;
  }

  setLongLink(name: Buffer): void {
    if (this.#longLink?.equals(name) !== true) this.#dirty.add('K');
    this.#longLink = name;
  }

  /** Changes a number in the metadata's own headers: they carry an owner and a time as well. */
  mapField(field: Field, change: (value: number) => number): void {
    for (const part of this.#parts) {
      if (mapNumber(part.header, field, change)) part.headerDirty = true;
    }
  }

  /** Sets a number in the metadata's own headers. */
  setField(field: Field, value: number): void {
    for (const part of this.#parts) {
      if (setNumber(part.header, field, value)) part.headerDirty = true;
    }
  }

  /** Throws TAR_FIELD when the metadata's own headers have an invalid owner. */
  checkOwner(): void {
    for (const { header } of this.#parts) checkOwner(header);
  }

  /** Empties a text field of the metadata's own headers. */
  clearField(field: Field): void {
    for (const part of this.#parts) {
      if (clearText(part.header, field)) part.headerDirty = true;
    }
  }

  /** The blocks as they leave; `mtime` dates a block that wasn't there before. */
  serialize(mtime: number): Buffer[] {
    const blocks: Buffer[] = [];
    const made = new Set(this.#dirty);
    for (const part of this.#parts) {
      const kind = kindOf(part.typeflag);
      made.delete(kind);
      const data = this.#dirty.has(kind) ? this.#data(kind) : part.data;
      if (data === undefined) continue;
      if (data !== part.data) {
        blocks.push(...refill(part.header, data));
      } else {
        if (part.headerDirty) writeChecksum(part.header, 0);
        blocks.push(part.header, data);
      }
    }
    for (const kind of made) {
      const data = this.#data(kind);
      if (data !== undefined) blocks.push(metadataEntry(kind, data, mtime));
    }
    return blocks;
  }

  /** What a part has to hold; undefined when no record is left. */
  #data(kind: Kind): Buffer | undefined {
    if (kind === 'x') return this.#pax?.isEmpty === false ? this.#pax.serialize() : undefined;
    const name = kind === 'L' ? this.#longName : this.#longLink;
    return name && Buffer.concat([name, NUL]);
  }
}

function kindOf(typeflag: number): Kind {
  if (typeflag === GNU_LONG_NAME) return 'L';
  return typeflag === GNU_LONG_LINK ? 'K' : 'x';
}

const NUL = Buffer.alloc(1);

/** The same header for other data. */
export function refill(header: Buffer, data: Buffer): Buffer[] {
  writeNumber(header, 0, block.SIZE, data.length);
  writeChecksum(header, 0);
  return [header, data, paddingAfter(data.length)];
}

/** An empty record takes another back, and says nothing itself. */
function differ(record: Buffer | undefined, long: Buffer | undefined): boolean {
  return record !== undefined && long !== undefined && record.length > 0 && !record.equals(long);
}

/** Whether the name beside a sparse file's own leads where that doesn't. */
function leadsOutside(shown: Buffer, name: Buffer): boolean {
  const climbs = shown.includes('..') && shown.toString('latin1').split('/').includes('..');
  return climbs || (shown[0] === 0x2f && name[0] !== 0x2f);
}

function disagree(record: string, other: string): DockerceptionError {
  const message = `its PAX record '${record}' and its ${other} disagree`;
  return new DockerceptionError('context', 'TAR_METADATA', message);
}

function untilNul(data: Buffer): Buffer {
  const nul = data.indexOf(0);
  return nul < 0 ? data : data.subarray(0, nul);
}

function repeated(what: string): DockerceptionError {
  return new DockerceptionError('context', 'TAR_METADATA', `a second ${what} for the same entry`);
}

// The fields of a metadata block's own header: an owner, a mode and a time that nobody goes by, but
// that every reader parses, and that tell of the builder as an entry's do.

/** Throws TAR_FIELD for an invalid number, of what no edit replaces. */
export function checkNumbers(header: Buffer): void {
  readNumber(header, 0, block.MODE, "extended header's mode");
  readNumber(header, 0, block.MTIME, "extended header's mtime");
}

/** Throws TAR_FIELD for an invalid owner. */
export function checkOwner(header: Buffer): void {
  readNumber(header, 0, block.UID, "extended header's uid");
  readNumber(header, 0, block.GID, "extended header's gid");
}

/** Writes a number; whether it was another before, or none. The checksum is left to the caller. */
export function setNumber(header: Buffer, field: Field, value: number): boolean {
  if (holdsNumber(header, 0, field, value)) return false;
  writeNumber(header, 0, field, value);
  return true;
}

/** Changes a number; whether it was another before. The checksum is left to the caller. */
export function mapNumber(
  header: Buffer,
  field: Field,
  change: (value: number) => number,
): boolean {
  const told = readNumber(header, 0, field, 'extended header');
  const wanted = change(told);
  if (wanted === told) return false;
  writeNumber(header, 0, field, wanted);
  return true;
}

/** Empties a text field; whether there was a text. A v7 header has none. */
export function clearText(header: Buffer, field: Field): boolean {
  if (block.magicOf(header, 0) === 'v7' || header[field.at] === 0) return false;
  header.fill(0, field.at, field.at + field.length);
  return true;
}
