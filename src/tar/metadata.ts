/**
 * The blocks in front of a header that describe it: PAX (x, Sun's X) and GNU long names (L, K).
 * They leave as they came unless something in them was set. At most one of each kind: readers
 * disagree about which of two counts. POSIX.1-2017 pax; GNU tar manual, "Basic Tar Format".
 */
import { DockerceptionError } from '../errors.js';
import * as block from './block.js';
import type { Field } from './block.js';
import { writeChecksum } from './checksum.js';
import { makeMetadata } from './make.js';
import { readNumber, writeNumber } from './numeric.js';
import { PaxRecords } from './pax.js';
import { GNU_LONG_LINK, GNU_LONG_NAME } from './typeflag.js';

interface Part {
  readonly typeflag: number;
  /** The header, writable. */
  readonly header: Buffer;
  /** The data with its padding. */
  readonly data: Buffer;
}

/** All local metadata of one entry. */
export class Metadata {
  readonly #parts: Part[] = [];
  #pax: PaxRecords | undefined;
  #longName: Buffer | undefined;
  #longLink: Buffer | undefined;
  #dirty = false;

  get isEmpty(): boolean {
    return this.#parts.length === 0 && !this.#dirty;
  }

  /**
   * Takes the next block group: `header` may be written to later, `data` is `size` bytes and
   * padding. Throws TAR_PAX for malformed records, TAR_METADATA for a second one of its kind.
   */
  add(header: Buffer, data: Buffer, size: number): void {
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
    this.#parts.push({ typeflag, header, data });
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

  setRecord(key: string, value: Buffer): void {
    this.#pax ??= PaxRecords.empty();
    this.#pax.set(key, value);
    this.#dirty ||= this.#pax.changed;
  }

  deleteRecord(key: string): void {
    this.#pax?.delete(key);
    this.#dirty ||= this.#pax?.changed === true;
  }

  setLongName(name: Buffer): void {
    this.#dirty ||= this.#longName?.equals(name) !== true;
    this.#longName = name;
  }

  setLongLink(name: Buffer): void {
    this.#dirty ||= this.#longLink?.equals(name) !== true;
    this.#longLink = name;
  }

  /** Changes a number in the metadata's own headers: they carry an owner and a time as well. */
  mapField(field: Field, change: (value: number) => number): void {
    for (const { header } of this.#parts) {
      const told = readNumber(header, 0, field, 'metadata');
      const wanted = change(told);
      if (wanted === told) continue;
      writeNumber(header, 0, field, wanted);
      this.#dirty = true;
    }
  }

  /** Empties a text field of the metadata's own headers. */
  clearField(field: Field): void {
    for (const { header } of this.#parts) {
      if (block.magicOf(header, 0) === 'v7' || header[field.at] === 0) continue;
      header.fill(0, field.at, field.at + field.length);
      this.#dirty = true;
    }
  }

  /** The blocks as they leave; `mtime` dates a block that wasn't there before. */
  serialize(mtime: number): Buffer[] {
    if (!this.#dirty) return this.#parts.flatMap(({ header, data }) => [header, data]);
    const blocks: Buffer[] = [];
    const wanted = new Map<string, Buffer | undefined>([
      ['x', this.#pax === undefined || this.#pax.isEmpty ? undefined : this.#pax.serialize()],
      ['L', this.#longName && Buffer.concat([this.#longName, NUL])],
      ['K', this.#longLink && Buffer.concat([this.#longLink, NUL])],
    ]);
    for (const part of this.#parts) {
      const flag = String.fromCharCode(part.typeflag);
      const kind = flag === 'X' ? 'x' : flag;
      const data = wanted.get(kind);
      wanted.delete(kind);
      if (data !== undefined) blocks.push(...refill(part.header, data));
    }
    for (const [kind, data] of wanted) {
      if (data !== undefined) blocks.push(makeMetadata(kind as 'x' | 'L' | 'K', data, mtime));
    }
    return blocks;
  }
}

const NUL = Buffer.alloc(1);

/** The same header for other data. */
export function refill(header: Buffer, data: Buffer): Buffer[] {
  writeNumber(header, 0, block.SIZE, data.length);
  writeChecksum(header, 0);
  return [header, data, Buffer.alloc(block.paddingOf(data.length))];
}

function untilNul(data: Buffer): Buffer {
  const nul = data.indexOf(0);
  return nul < 0 ? data : data.subarray(0, nul);
}

function repeated(what: string): DockerceptionError {
  return new DockerceptionError('context', 'TAR_METADATA', `a second ${what} for the same entry`);
}
