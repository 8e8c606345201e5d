/**
 * What a tar says of owners, in every form that it can, and what is left of the tar without that:
 * two tars that differ in their owners alone are the same then, byte for byte.
 */
import { readTar } from './read-tar.js';
import { record, sum } from './write-tar.js';

const OWNER_RECORDS = ['uid', 'gid', 'uname', 'gname'];

/**
 * Every owner that stands somewhere, as `FORM UID:GID (UNAME:GNAME)`, each once.
 * @param {Buffer} tar
 * @returns {string[]}
 */
export function ownersIn(tar) {
  /** @type {Set<string>} */
  const owners = new Set();
  for (const { header, records } of readTar(tar).groups) {
    owners.add(`header ${header.uid}:${header.gid} (${header.uname}:${header.gname})`);
    for (const [key, value] of records) {
      if (OWNER_RECORDS.includes(key)) owners.add(`record ${key}=${value.toString('latin1')}`);
    }
  }
  return [...owners].sort();
}

/**
 * The tar's blocks, each owner field blank, owner records gone, padding after records too; up
 * to the end-of-archive. An extended header that is empty then is left out.
 * @param {Buffer} tar
 * @returns {Buffer}
 */
export function withoutOwners(tar) {
  const { groups } = readTar(tar);
  const parts = groups.flatMap(({ header, map, body, padding, records }) => {
    const block = Buffer.from(tar.subarray(header.at, header.at + 512));
    block.fill(0x30, 108, 124);
    if (header.magic !== 'v7') block.fill(0, 265, 329);
    if (!'xXg'.includes(header.typeflag)) {
      sum(block);
      return [block, map, body, padding];
    }
    const left = records.filter(([key]) => !OWNER_RECORDS.includes(key));
    if (left.length === 0) return [];
    block.fill(0x30, 124, 136);
    sum(block);
    return [block, ...left.map(([key, value]) => latin(key, value))];
  });
  return Buffer.concat(parts);
}

/**
 * @param {string} key one character a byte
 * @param {Buffer} value
 */
function latin(key, value) {
  const bytes = Buffer.from(key, 'latin1');
  return Buffer.concat([bytes, record('', value)]);
}

/**
 * The tar without the `./` that a filter put in front of it.
 * @param {Buffer} tar
 * @returns {Buffer}
 */
export function withoutRoot(tar) {
  if (tar.toString('latin1', 0, 3) !== './\0' || tar[156] !== 0x35) {
    throw new Error('there is no root entry in front');
  }
  return tar.subarray(512);
}
