/**
 * Old GNU's sparse map (typeflag S): four regions in the header, 21 more in each block behind it,
 * and the file's size. A region whose first byte is NUL ends its block's list.
 * GNU tar manual, "Basic Tar Format", `struct oldgnu_header` and `struct sparse_header`.
 */
import * as block from './block.js';
import type { Field } from './block.js';
import { badField, readNumber } from './numeric.js';
import { badMap, SparseMap } from './sparse-map.js';

/** The file's size, holes included. */
const REAL_SIZE: Field = { at: 483, length: 12 };
const IN_HEADER = { at: 386, regions: 4 };
const IN_BLOCK = { at: 0, regions: 21 };
const NUMBER = 12;

/** What the header itself has of the map. Throws TAR_FIELD and TAR_SPARSE. */
export function oldSparseMap(header: Buffer, at: number): SparseMap {
  const size = readNumber(header, at, REAL_SIZE, 'real size');
  if (size < 0) throw badField('real size', 'is negative');
  const rest = header[at + block.GNU_SPARSE_EXTENDED] === 0 ? 'none' : 'blocks';
  const map = new SparseMap(rest, size);
  addRegions(map, header, at + IN_HEADER.at, IN_HEADER.regions);
  return map;
}

/** Adds what a block behind the header has; whether another one follows. */
export function continueOldMap(map: SparseMap, more: Buffer, at = 0): boolean {
  addRegions(map, more, at + IN_BLOCK.at, IN_BLOCK.regions);
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
