/**
 * PAX records: `LENGTH KEY=VALUE\n`, LENGTH in decimal and counting itself. They are an ordered list, since GNU sparse
 * 0.0 repeats keys; a record that isn't set is written byte for byte. POSIX.1-2017 pax, "pax Extended Header".
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import { badField } from './header-fields.js';

/** Records that hold a time. */
export const TIME_RECORDS = ['mtime', 'atime', 'ctime', 'LIBARCHIVE.creationtime'];

/** One record. */
export interface PaxRecord {
  /** A binary string, one character a byte. */
  readonly key: string;
  readonly value: Buffer;
}

/** The records of one extended header, in their order. */
export class PaxRecords {
  #records: PaxRecord[];
  #changed = false;

  private constructor(records: PaxRecord[]) {
    this.#records = records;
  }

  static empty(): PaxRecords {
    return new PaxRecords([]);
  }

  /** Reads all of `data`, which stays referenced. Throws TAR_PAX for a malformed record. */
  static parse(data: Buffer): PaxRecords {
    const records: PaxRecord[] = [];
    let at = 0;
    while (at < data.length) {
      const space = data.indexOf(0x20, at);
      // Any number of leading zeros is accepted, as by GNU tar and Go.
      const digits = space < 0 ? '' : data.toString('latin1', at, space);
      const length = /^[0-9]+$/.test(digits) ? Number(digits) : 0;
      const end = at + length;
      const equals = data.indexOf(0x3d, space);
      const isInside = end > space && end <= data.length && equals >= 0 && equals < end;
      if (!isInside || data[end - 1] !== 0x0a) throw malformed(data, at);
      const key = data.toString('latin1', space + 1, equals);
      if (key === '' || key.includes('\0')) throw malformed(data, at);
      records.push({ key, value: data.subarray(equals + 1, end - 1) });
      at = end;
    }
    return new PaxRecords(records);
  }

  get changed(): boolean {
    return this.#changed;
  }

  get isEmpty(): boolean {
    return this.#records.length === 0;
  }

  /** All records, including repeated ones. */
  get list(): readonly PaxRecord[] {
    return this.#records;
  }

  keys(): string[] {
    return this.#records.map((record) => record.key);
  }

  /** The last value of `key`; an empty one cancels a global header's. */
  get(key: string): Buffer | undefined {
    for (let i = this.#records.length - 1; i >= 0; i--) {
      const record = this.#records[i] as PaxRecord;
      if (record.key === key) return record.value;
    }
    return undefined;
  }

  /** A value as a number, a time with a fraction; undefined if it is missing or empty. Throws TAR_FIELD. */
  number(key: string): number | undefined {
    const text = this.get(key)?.toString('latin1') ?? '';
    if (text === '') return undefined;
    const isNumber = TIME_RECORDS.includes(key) ? /^-?[0-9]+(\.[0-9]*)?$/ : /^-?[0-9]+$/;
    const shown = JSON.stringify(text.slice(0, 24));
    if (!isNumber.test(text)) throw badField(key, `is not a number in its PAX record: ${shown}`);
    const number = Number(text);
    if (Math.abs(number) > Number.MAX_SAFE_INTEGER)
      throw badField(key, 'is oversized in its PAX record');
    return number;
  }

  /** Whether `key` has several records, of which the last counts. */
  repeats(key: string): boolean {
    return this.#records.filter((record) => record.key === key).length > 1;
  }

  /** Sets the value of `key`, in the place of its first record, or as the last record. */
  set(key: string, value: Buffer): void {
    const found = this.#records.findIndex((record) => record.key === key);
    const place = found < 0 ? this.#records.length : found;
    if (this.#records[place]?.value.equals(value) !== true) {
      this.#records[place] = { key, value };
      this.#changed = true;
    }
    this.#filter((record, index) => record.key !== key || index === place);
  }

  delete(key: string): void {
    this.#filter((record) => record.key !== key);
  }

  /** Deletes every record whose key isn't kept. */
  keep(keeps: (key: string) => boolean): void {
    this.#filter((record) => keeps(record.key));
  }

  /** Changes every time stamp, in seconds since 1970. */
  mapTimes(change: (time: number) => number): void {
    for (const key of TIME_RECORDS) {
      const time = this.number(key);
      if (time !== undefined && change(time) !== time)
        this.set(key, Buffer.from(decimal(change(time))));
    }
  }

  /** Linear: a header may repeat a key a hundred thousand times. */
  #filter(stays: (record: PaxRecord, index: number) => boolean): void {
    const kept = this.#records.filter(stays);
    if (kept.length === this.#records.length) return;
    this.#records = kept;
    this.#changed = true;
  }

  /** The records as stored in a tar, without padding. */
  serialize(): Buffer {
    return Buffer.concat(this.#records.flatMap(({ key, value }) => encodeRecord(key, value)));
  }
}

function encodeRecord(key: string, value: Buffer): Buffer[] {
  const rest = 1 + key.length + 1 + value.length + 1;
  let length = rest + String(rest).length;
  // The length counts its own digits, which may add one more.
  length = rest + String(length).length;
  return [Buffer.from(`${length} ${key}=`, 'latin1'), value, Buffer.from('\n')];
}

function malformed(data: Buffer, at: number): DockerceptionError {
  const shown = printable(data.toString('latin1', at, Math.min(at + 24, data.length)));
  return new DockerceptionError('context', 'TAR_PAX', `a PAX record is malformed: "${shown}"`);
}

/** A number as PAX stores it: no exponent, no trailing zeros. */
export function decimal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(9).replace(/0+$/, '');
}

// Extended attributes. `SCHILY.xattr.NAME` has the bytes as they are: star, GNU tar, Go and libarchive write and read
// it. Container engines and this project ignore `LIBARCHIVE.xattr.NAME`, in base64. libarchive's manual tar(5).

const SCHILY = 'SCHILY.xattr.';
/** Access control lists and security labels are extended attributes on Linux. */
const XATTR_PREFIXES = [SCHILY, 'LIBARCHIVE.xattr.', 'SCHILY.acl.', 'RHT.security.'];

/** Extended attributes by name; `undefined` if there are none. */
export function readXattrs(records: PaxRecords): ReadonlyMap<string, Buffer> | undefined {
  const xattrs = new Map<string, Buffer>();
  for (const { key, value } of records.list)
    if (key.startsWith(SCHILY))
      xattrs.set(Buffer.from(key.slice(SCHILY.length), 'latin1').toString('utf8'), value);
  return xattrs.size > 0 ? xattrs : undefined;
}

/** Whether a PAX record is an extended attribute, in any form. */
export function isXattrRecord(key: string): boolean {
  return XATTR_PREFIXES.some((prefix) => key.startsWith(prefix));
}

/** Whether a PAX record is an extended attribute of macOS. */
export function isAppleRecord(key: string): boolean {
  return XATTR_PREFIXES.some(
    (prefix) => key.startsWith(prefix) && isAppleXattr(unescaped(key.slice(prefix.length))),
  );
}

/** Whether an attribute of this name belongs to macOS. Linux has no such namespace. */
export function isAppleXattr(name: string): boolean {
  return name.startsWith('com.apple.');
}

/** libarchive writes names with percent escapes. */
function unescaped(name: string): string {
  return name.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 16)),
  );
}
