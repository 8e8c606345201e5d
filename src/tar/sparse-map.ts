/**
 * The map of a sparse file: where in the file the bytes lie that the archive has, one behind the
 * other. In order, without overlap, within the file, as Go's archive/tar and libarchive want it; and
 * bounded, since all of it is held. GNU tar manual, "Storing Sparse Files".
 */
import { DockerceptionError } from '../errors.js';

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
