/**
 * Extended attributes in PAX records: `SCHILY.xattr.NAME` holds the bytes as they are, as star, GNU
 * tar, Go and libarchive write and read it; `LIBARCHIVE.xattr.NAME` holds them in base64, the name
 * with percent escapes. libarchive's manual tar(5), "Pax Interchange Format". bsdtar writes both; then
 * the plain form counts alone, as for Go, which knows no other.
 */
import { DockerceptionError } from '../errors.js';
import type { PaxRecords } from './pax.js';
import { printable } from './printable.js';

const SCHILY = 'SCHILY.xattr.';
const LIBARCHIVE = 'LIBARCHIVE.xattr.';

/** By name; `undefined` when there are none. Throws TAR_PAX for malformed base64. */
export function readXattrs(records: PaxRecords): ReadonlyMap<string, Buffer> | undefined {
  const plain = new Map<string, Buffer>();
  for (const { key, value } of records.list) {
    if (key.startsWith(SCHILY)) plain.set(utf8(key.slice(SCHILY.length)), value);
  }
  if (plain.size > 0) return plain;
  const encoded = new Map<string, Buffer>();
  for (const { key, value } of records.list) {
    if (!key.startsWith(LIBARCHIVE)) continue;
    encoded.set(unescaped(key.slice(LIBARCHIVE.length)), decoded(key, value));
  }
  return encoded.size > 0 ? encoded : undefined;
}

/** Keys come with one character a byte. */
function utf8(key: string): string {
  return Buffer.from(key, 'latin1').toString('utf8');
}

function unescaped(name: string): string {
  const plain = name.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
  return utf8(plain);
}

function decoded(key: string, value: Buffer): Buffer {
  const text = value.toString('latin1');
  // libarchive leaves the padding out.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    const message = `the PAX record '${printable(key)}' is not base64`;
    throw new DockerceptionError('context', 'TAR_PAX', message);
  }
  return Buffer.from(text, 'base64');
}
