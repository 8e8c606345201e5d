/**
 * The map of a sparse file: where in the file the bytes lie that the archive has, one behind the
 * other. In order, without overlap, within the file, as Go's archive/tar and libarchive want it; and
 * bounded, since all of it is held. GNU tar manual, "Storing Sparse Files" and "Basic Tar Format".
 */
import { DockerceptionError } from '../errors.js';
import { type Field, GNU_SPARSE_CONTINUED, GNU_SPARSE_EXTENDED } from './block.js';
import { badField, readNumber } from './numeric.js';
import { paxNumber, type PaxRecords } from './pax.js';

/** Regions beyond this many are refused: 16 MB of map. */
const REGION_LIMIT = 1024 * 1024;

/** Where regions stand that the headers don't tell of: blocks behind them, or in front of the data. */
export type MapRest = 'none' | 'blocks' | 'body';

export class SparseMap {
  /** Offset and length of each region, in turns. */
  readonly #numbers: number[] = [];
  #end = 0;
  #stored = 0;

  /** `size` is the file's, in bytes, holes included. */
  constructor(
    readonly rest: MapRest,
    readonly size: number,
  ) {}

  /** How many regions there are. */
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

  /** Bytes of a region; 0 is allowed. */
  bytes(region: number): number {
    return this.#numbers[2 * region + 1] as number;
  }

  /** Adds the next region. Throws TAR_SPARSE when it can't be. */
  add(offset: number, length: number): void {
    if (offset < 0 || length < 0) throw badMap('has a negative number');
    if (offset < this.#end) throw badMap(`has a region at ${offset}, before the last one's end`);
    if (offset + length > this.size) throw badMap(`goes beyond the file's ${this.size} bytes`);
    this.expect(this.length + 1);
    this.#numbers.push(offset, length);
    this.#end = offset + length;
    this.#stored += length;
  }

  /** Refuses a count of regions beyond the limit: before they are read. Throws TAR_SPARSE. */
  expect(regions: number): void {
    if (regions > REGION_LIMIT) throw badMap(`has more than ${REGION_LIMIT} regions`);
  }

  /**
   * The regions as PAX sparse 0.1 has them: offsets and lengths in turns. A hole at the end is
   * followed by an empty region, which tells GNU tar where the file ends.
   */
  text(): string {
    const numbers = this.#numbers.join(',');
    if (this.length > 0 && this.#end === this.size) return numbers;
    return numbers === '' ? `${this.size},0` : `${numbers},${this.size},0`;
  }

  /** The map is complete, and this many bytes follow. Throws TAR_SPARSE when it tells of others. */
  close(following: number): void {
    if (this.#stored === following) return;
    throw badMap(`tells of ${this.#stored} bytes of data, and the archive has ${following}`);
  }
}

/** The error for a map that no file can have. */
export function badMap(why: string): DockerceptionError {
  return new DockerceptionError('context', 'TAR_SPARSE', `its sparse map ${why}`);
}

// Old GNU's sparse map (typeflag S): four regions in the header, 21 more in each block behind it,
// and the file's size. A region whose first byte is NUL ends its block's list.
// GNU tar manual, "Basic Tar Format", `struct oldgnu_header` and `struct sparse_header`.

/** The file's size, holes included. */
const REAL_SIZE: Field = { at: 483, length: 12 };
const IN_HEADER = { at: 386, regions: 4 };
const IN_BLOCK = { at: 0, regions: 21 };
const NUMBER = 12;

/** What the header itself has of the map. Throws TAR_FIELD and TAR_SPARSE. */
export function oldSparseMap(header: Buffer, at: number): SparseMap {
  const size = readNumber(header, at, REAL_SIZE, 'real size');
  if (size < 0) throw badField('real size', 'is negative');
  const rest = header[at + GNU_SPARSE_EXTENDED] === 0 ? 'none' : 'blocks';
  const map = new SparseMap(rest, size);
  addRegions(map, header, at + IN_HEADER.at, IN_HEADER.regions);
  return map;
}

/** Adds what a block behind the header has; whether another one follows. */
export function continueOldMap(map: SparseMap, more: Buffer, at = 0): boolean {
  addRegions(map, more, at + IN_BLOCK.at, IN_BLOCK.regions);
  return more[at + GNU_SPARSE_CONTINUED] !== 0;
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

// Sparse files in PAX: 0.0 repeats `GNU.sparse.offset` and `numbytes`, 0.1 has all regions in
// `GNU.sparse.map`, 1.0 has them as text in front of the data. What readers would take for an
// ordinary file in one case and a sparse one in another is refused.
// GNU tar manual, "Storing Sparse Files"; Go's archive/tar, `readGNUSparsePAXHeaders`.

const PREFIX = 'GNU.sparse.';
const OFFSET = 'GNU.sparse.offset';
const LENGTH = 'GNU.sparse.numbytes';
const MAP = 'GNU.sparse.map';

/** Whether the records tell of a sparse file. */
export function isPaxSparse(records: PaxRecords): boolean {
  return records.list.some(({ key }) => key.startsWith(PREFIX));
}

/** The map, without its regions in 1.0. Throws TAR_SPARSE and TAR_FIELD. */
export function paxSparseMap(records: PaxRecords): SparseMap {
  const size = realSize(records);
  if (version(records) === '1.0') {
    if (records.get(MAP) !== undefined || records.get(OFFSET) !== undefined) {
      throw badMap('stands in two places');
    }
    return new SparseMap('body', size);
  }
  const map = new SparseMap('none', size);
  const numbers = records.get(MAP) === undefined ? pairs(records) : list(records);
  const regions = paxNumber(records, 'GNU.sparse.numblocks', false);
  if (regions === undefined) throw badMap('does not say how many regions it has');
  if (numbers.length !== 2 * regions) {
    throw badMap(`has ${numbers.length} numbers for ${regions} regions`);
  }
  for (let i = 0; i < numbers.length; i += 2)
    map.add(numbers[i] as number, numbers[i + 1] as number);
  return map;
}

/** The file's size, holes included: `size` in 0.x, `realsize` in 1.0. */
function realSize(records: PaxRecords): number {
  const size = paxNumber(records, 'GNU.sparse.size', false);
  const real = paxNumber(records, 'GNU.sparse.realsize', false);
  if (size !== undefined && real !== undefined && size !== real) throw badMap('has two sizes');
  const told = size ?? real;
  if (told === undefined) throw badMap("does not tell the file's size");
  if (told < 0) throw badMap('has a negative size');
  return told;
}

function version(records: PaxRecords): '0.x' | '1.0' {
  const [major, minor] = ['major', 'minor'].map((part) =>
    records.get(`${PREFIX}${part}`)?.toString('latin1'),
  );
  // 0.0 and 0.1 didn't have to say.
  if (major === undefined && minor === undefined) return '0.x';
  if (major === '0' && (minor === '0' || minor === '1')) return '0.x';
  if (major === '1' && minor === '0') return '1.0';
  throw badMap('is of an unknown version');
}

/** 0.1. */
function list(records: PaxRecords): number[] {
  if (records.get(OFFSET) !== undefined) throw badMap('stands in two places');
  const text = (records.get(MAP) as Buffer).toString('latin1');
  return text === '' ? [] : text.split(',').map(mapNumber);
}

/** 0.0. */
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
