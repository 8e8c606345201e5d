/**
 * The fields of a metadata block's own header: an owner, a mode and a time that nobody goes by, but
 * that every reader parses, and that tell of the builder as an entry's do.
 */
import * as block from './block.js';
import type { Field } from './block.js';
import { holdsNumber, readNumber, writeNumber } from './numeric.js';

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
