/**
 * Sparse files in PAX: 0.0 repeats `GNU.sparse.offset` and `numbytes`, 0.1 has all regions in
 * `GNU.sparse.map`, 1.0 has them as text in front of the data. What readers would take for an
 * ordinary file in one case and a sparse one in another is refused.
 * GNU tar manual, "Storing Sparse Files"; Go's archive/tar, `readGNUSparsePAXHeaders`.
 */
import { paxNumber, type PaxRecords } from './pax.js';
import { badMap, SparseMap } from './sparse-map.js';

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
