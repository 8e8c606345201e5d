/**
 * What a tar has to read as after the filter converted what container engines can't unpack.
 * It shares no code with src/. POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual,
 * "Basic Tar Format" and "Storing Sparse Files".
 */
import { readTar } from './read-tar.js';

/** @typedef {import('./read-tar.js').Entry} Entry */

/** Typeflags that are converted or left out, extended headers of Sun included. */
const CONVERTED = 'SX7DVA';
/** Where the tail of a header begins. */
const TAIL = 329;
const APPLE =
  /^(SCHILY\.xattr|LIBARCHIVE\.xattr|SCHILY\.acl|RHT\.security)\.com(\.|%2[Ee])apple(\.|%2[Ee])/;

/**
 * Whether the filter has to change more than owners.
 * @param {Buffer} tar
 * @returns {boolean}
 */
export function needsConversion(tar) {
  const { groups, entries } = readTar(tar);
  return (
    entries.some(isRoot) ||
    groups.some(
      ({ header, records }) =>
        CONVERTED.includes(header.typeflag) ||
        hasFullStarPrefix(header) ||
        records.some(([key]) => APPLE.test(key)),
    )
  );
}

/**
 * The entries with everything but their owners, as text; `converts` applies the conversions.
 * @param {Buffer} tar
 * @param {boolean} converts
 * @returns {string[]}
 */
export function listing(tar, converts) {
  /** @type {string[]} */
  const lines = [];
  for (const entry of readTar(tar).entries) {
    const converted = converts ? convert(entry) : entry;
    if (converted === undefined) continue;
    const { name, linkname, typeflag, mode, mtime, body } = converted;
    const records = [...converted.records].sort();
    const content = body.toString('latin1');
    lines.push(JSON.stringify({ name, linkname, typeflag, mode, mtime, content, records }));
  }
  return lines;
}

/**
 * @param {Entry} entry
 * @returns {Entry | undefined} `undefined` when it is left out
 */
function convert(entry) {
  const records = new Map([...entry.records].filter(([key]) => !APPLE.test(key)));
  if ('VA'.includes(entry.typeflag)) return undefined;
  if (isRoot(entry)) {
    if (!'5D'.includes(entry.typeflag)) return undefined;
    if (entry.name === '') entry = { ...entry, name: './' };
  }
  switch (entry.typeflag) {
    case '7':
      return { ...entry, records, typeflag: '0' };
    case 'D':
      return { ...entry, records, typeflag: '5', body: Buffer.alloc(0) };
    case 'S':
      for (const [key, value] of sparseRecords(entry)) records.set(key, value);
      return { ...entry, records, typeflag: '0' };
    default:
      return { ...entry, records };
  }
}

/**
 * Whether a prefix of star's has no NUL at its end: it is split anew.
 * @param {import('./read-tar.js').RawHeader} header
 */
function hasFullStarPrefix({ magic, tail }) {
  return (
    magic === 'ustar' && tail[475 - TAIL] !== 0 && tail.toString('latin1', 508 - TAIL) === 'tar\0'
  );
}

/** @param {Entry} entry */
function isRoot({ name }) {
  return name.split('/').every((part) => part === '' || part === '.');
}

/**
 * The records of PAX sparse 0.1 for an old GNU sparse file.
 * @param {Entry} entry
 * @returns {[string, string][]}
 */
export function sparseRecords({ header: { tail }, map }) {
  /** @type {number[]} */
  const numbers = [];
  const add = (
    /** @type {Buffer} */ from,
    /** @type {number} */ at,
    /** @type {number} */ count,
  ) => {
    for (let i = at; i < at + 24 * count && from[i] !== 0; i += 24)
      numbers.push(numberAt(from, i), numberAt(from, i + 12));
  };
  add(tail, 386 - TAIL, 4);
  for (let at = 0; at < map.length; at += 512) add(map.subarray(at), 0, 21);
  const size = numberAt(tail, 483 - TAIL);
  const end = numbers.slice(-2).reduce((sum, number) => sum + number, 0);
  // An empty region says where a file ends that ends in a hole.
  if (numbers.length === 0 || end < size) numbers.push(size, 0);
  return [
    ['GNU.sparse.size', String(size)],
    ['GNU.sparse.numblocks', String(numbers.length / 2)],
    ['GNU.sparse.map', numbers.join(',')],
  ];
}

/**
 * @param {Buffer} block
 * @param {number} at
 */
function numberAt(block, at) {
  if (/** @type {number} */ (block[at]) >= 0x80) {
    return Number(BigInt.asUintN(87, BigInt(`0x${block.toString('hex', at, at + 12)}`)));
  }
  return parseInt(/[0-7]+/.exec(block.toString('latin1', at, at + 12))?.[0] ?? '0', 8);
}
