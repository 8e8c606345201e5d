/**
 * The map of a sparse file: the regions of the file that are stored in the archive, in order, without overlap and
 * within the file, as Go's archive/tar and libarchive require. Their number is limited, since all are held.
 * GNU tar manual, "Storing Sparse Files" and "Basic Tar Format".
 */
import { DockerceptionError } from '../errors.js';
import type { EntryType, Field } from './block.js';
import * as block from './block.js';
import { badField, readNumber, writeChecksum } from './header-fields.js';
import { type Metadata, METADATA_LIMIT } from './metadata.js';
import type { PaxRecords } from './pax.js';

/** The maximum number of regions: 16 MB of map. */
const REGION_LIMIT = 1024 * 1024;

/** Where the regions are that the headers don't list: in blocks after them, or at the start of the body. */
export type MapRest = 'none' | 'blocks' | 'body';

export class SparseMap {
  /** Offset and length of each region, alternating. */
  readonly #numbers: number[] = [];
  #end = 0;
  #stored = 0;

  /** @param size bytes of the file, including holes */
  constructor(
    readonly rest: MapRest,
    readonly size: number,
  ) {}

  /** The number of regions. */
  get length(): number {
    return this.#numbers.length / 2;
  }

  /** Bytes of data in all regions. */
  get stored(): number {
    return this.#stored;
  }

  /** Where a region begins in the file. */
  offset(region: number): number {
    return this.#numbers[2 * region] as number;
  }

  /** Bytes of a region; may be 0. */
  bytes(region: number): number {
    return this.#numbers[2 * region + 1] as number;
  }

  /** Adds the next region. Throws TAR_SPARSE if it is invalid. */
  add(offset: number, length: number): void {
    if (offset < 0 || length < 0) throw badMap('has a negative number');
    if (offset < this.#end) throw badMap(`has a region at ${offset}, before the last one's end`);
    if (offset + length > this.size) throw badMap(`goes beyond the file's ${this.size} bytes`);
    this.expect(this.length + 1);
    this.#numbers.push(offset, length);
    this.#end = offset + length;
    this.#stored += length;
  }

  /** Refuses a number of regions beyond the limit. Throws TAR_SPARSE. */
  expect(regions: number): void {
    if (regions > REGION_LIMIT) throw badMap(`has more than ${REGION_LIMIT} regions`);
  }

  /**
   * The regions as PAX sparse 0.1 stores them: offsets and lengths, alternating. A hole at the end is followed by an
   * empty region, from which GNU tar gets the end of the file.
   */
  text(): string {
    const numbers = this.#numbers.join(',');
    if (this.length > 0 && this.#end === this.size) return numbers;
    return numbers === '' ? `${this.size},0` : `${numbers},${this.size},0`;
  }

  /** Completes the map, after which `following` bytes are stored. Throws TAR_SPARSE for another number. */
  close(following: number): void {
    if (this.#stored === following) return;
    throw badMap(`tells of ${this.#stored} bytes of data, and the archive has ${following}`);
  }
}

/** The error for an invalid map. */
export function badMap(why: string): DockerceptionError {
  return new DockerceptionError('context', 'TAR_SPARSE', `its sparse map ${why}`);
}

// Old GNU's sparse map (typeflag S): four regions and the file's size in the header, 21 regions in each further block.
// A region whose first byte is NUL ends its block's list. GNU tar manual, "Basic Tar Format", `struct oldgnu_header`
// and `struct sparse_header`.

/** The file's size, including holes. */
const REAL_SIZE: Field = { at: 483, length: 12 };
const IN_HEADER = { at: 386, regions: 4 };
const REGIONS_IN_BLOCK = 21;
const NUMBER = 12;

/** Reads the part of the map in the header. Throws TAR_FIELD and TAR_SPARSE. */
function oldSparseMap(header: Buffer, at: number): SparseMap {
  const size = readNumber(header, at, REAL_SIZE, 'real size');
  if (size < 0) throw badField('real size', 'is negative');
  const rest = header[at + block.GNU_SPARSE_EXTENDED] === 0 ? 'none' : 'blocks';
  const map = new SparseMap(rest, size);
  addRegions(map, header, at + IN_HEADER.at, IN_HEADER.regions);
  return map;
}

/** Adds the regions of a block after the header. Returns whether another one follows. */
export function continueOldMap(map: SparseMap, more: Buffer, at = 0): boolean {
  addRegions(map, more, at, REGIONS_IN_BLOCK);
  return more[at + block.GNU_SPARSE_CONTINUED] !== 0;
}

function addRegions(map: SparseMap, from: Buffer, at: number, regions: number): void {
  for (let i = 0; i < regions; i++) {
    const entry = at + 2 * NUMBER * i;
    if (from[entry] === 0) return;
    const offset = readNumber(from, entry, { at: 0, length: NUMBER }, 'offset of a region');
    const length = readNumber(from, entry, { at: NUMBER, length: NUMBER }, 'length of a region');
    if (!Number.isSafeInteger(offset + length)) throw badMap('has an oversized number');
    map.add(offset, length);
  }
}

/** Bytes of other records that fit beside the map. */
const RESERVED = 64 * 1024;

/**
 * Converts the header of an old GNU sparse file to PAX sparse 0.1, in place. Container engines read tars with Go's
 * archive/tar, which unpacks both forms, but the engines refuse the typeflag. The body is the same in both.
 * @param stored the size of the body in bytes
 * @throws DockerceptionError TAR_SPARSE for a map that is invalid, or too large for an extended header
 */
export function convertOldSparse(
  header: Buffer,
  map: SparseMap,
  stored: number,
  metadata: Metadata,
): void {
  map.close(stored);
  const regions = map.text();
  if (regions.length > METADATA_LIMIT - RESERVED) {
    const message = `its sparse map has ${map.length} regions, more than container engines read`;
    throw new DockerceptionError('context', 'TAR_SPARSE', message, {
      hint: 'pack it without the option --sparse (-S) of tar',
    });
  }
  const set = (key: string, value: string): void =>
    metadata.setRecord(`GNU.sparse.${key}`, Buffer.from(value));
  // Without a version: libarchive refuses 0.1 if it is named, and the map is sufficient.
  set('size', String(map.size));
  set('numblocks', String(regions.split(',').length / 2));
  set('map', regions);
  header.write('0', block.TYPEFLAG, 1, 'latin1');
  header.write(block.USTAR_MAGIC, block.MAGIC.at, 'latin1');
  // GNU's times and the map are in the place of ustar's prefix.
  header.fill(0, block.PREFIX.at, block.BLOCK);
  writeChecksum(header, 0);
}

// Sparse files in PAX: 0.0 repeats `GNU.sparse.offset` and `numbytes`, 0.1 has all regions in `GNU.sparse.map`, 1.0 has
// them as text before the data. A file that some readers would take for an ordinary one is refused.
// GNU tar manual, "Storing Sparse Files"; Go's archive/tar, `readGNUSparsePAXHeaders`.

const OFFSET = 'GNU.sparse.offset';
const LENGTH = 'GNU.sparse.numbytes';
const MAP = 'GNU.sparse.map';

/** Whether the records describe a sparse file. */
export function isPaxSparse(records: PaxRecords | undefined): boolean {
  return records?.list.some(({ key }) => key.startsWith('GNU.sparse.')) === true;
}

/** The map of a sparse file, as far as its headers list it. Throws TAR_SPARSE and TAR_FIELD. */
export function readSparseMap(
  header: Buffer,
  at: number,
  type: EntryType,
  records: PaxRecords | undefined,
): SparseMap {
  if (block.isHeaderOnly(type)) throw badMap('belongs to something that is no file');
  if (type !== 'sparse-file') return paxSparseMap(records as PaxRecords);
  if (isPaxSparse(records)) throw badMap('stands in two places');
  return oldSparseMap(header, at);
}

/** The map, which has no regions yet in 1.0. Throws TAR_SPARSE and TAR_FIELD. */
function paxSparseMap(records: PaxRecords): SparseMap {
  const size = realSize(records);
  const [hasMap, hasOffset] = [MAP, OFFSET].map((key) => records.get(key) !== undefined);
  const isInBody = version(records) === '1.0';
  if (isInBody ? hasMap || hasOffset : hasMap && hasOffset) throw badMap('stands in two places');
  if (isInBody) return new SparseMap('body', size);
  const map = new SparseMap('none', size);
  const numbers = hasMap ? mapNumbers(records) : pairs(records);
  const regions = records.number('GNU.sparse.numblocks');
  if (regions === undefined) throw badMap('does not say how many regions it has');
  if (numbers.length !== 2 * regions)
    throw badMap(`has ${numbers.length} numbers for ${regions} regions`);
  for (let i = 0; i < numbers.length; i += 2)
    map.add(numbers[i] as number, numbers[i + 1] as number);
  return map;
}

/** The file's size, including holes: `size` in 0.x, `realsize` in 1.0. */
function realSize(records: PaxRecords): number {
  const size = records.number('GNU.sparse.size');
  const real = records.number('GNU.sparse.realsize');
  if (size !== undefined && real !== undefined && size !== real) throw badMap('has two sizes');
  const value = size ?? real;
  if (value === undefined) throw badMap("does not tell the file's size");
  if (value < 0) throw badMap('has a negative size');
  return value;
}

function version(records: PaxRecords): '0.x' | '1.0' {
  const [major, minor] = ['major', 'minor'].map((part) =>
    records.get(`GNU.sparse.${part}`)?.toString('latin1'),
  );
  // Optional in 0.0 and 0.1.
  if (major === undefined && minor === undefined) return '0.x';
  if (major === '0' && (minor === '0' || minor === '1')) return '0.x';
  if (major === '1' && minor === '0') return '1.0';
  throw badMap('is of an unknown version');
}

/** The numbers of 0.1. */
function mapNumbers(records: PaxRecords): number[] {
  const text = records.get(MAP)?.toString('latin1') ?? '';
  return text === '' ? [] : text.split(',').map(mapNumber);
}

/** The numbers of 0.0. */
function pairs(records: PaxRecords): number[] {
  const numbers: number[] = [];
  for (const { key, value } of records.list) {
    if (key !== OFFSET && key !== LENGTH) continue;
    const wanted = numbers.length % 2 === 0 ? OFFSET : LENGTH;
    if (key !== wanted) throw badMap('has an offset without its length');
    numbers.push(mapNumber(value.toString('latin1')));
  }
  return numbers;
}

/** A number of a map. Throws TAR_SPARSE. */
export function mapNumber(text: string): number {
  const number = /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(number)) throw badMap('has something that is no number');
  return number;
}
