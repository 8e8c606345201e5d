/**
 * PAX records: `LENGTH KEY=VALUE\n`, LENGTH in decimal and counting itself. Kept as an ordered
 * list, since GNU sparse 0.0 repeats keys; what isn't set leaves byte for byte.
 * POSIX.1-2017 pax, "pax Extended Header".
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import { badField } from './numeric.js';

/** Records that hold a time. */
export const TIME_RECORDS = ['mtime', 'atime', 'ctime', 'LIBARCHIVE.creationtime'];

/** One record. */
export interface PaxRecord {
  /** One character a byte: what isn't UTF-8 survives. */
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
      // Zeros may lead, any number of them: for GNU tar and Go, too.
      const digits = space < 0 ? '' : data.toString('latin1', at, space);
      const length = /^[0-9]+$/.test(digits) ? Number(digits) : 0;
      const end = at + length;
      const equals = data.indexOf(0x3d, space);
      if (
        end <= space ||
        end > data.length ||
        data[end - 1] !== 0x0a ||
        equals < 0 ||
        equals >= end
      ) {
        throw malformed(data, at);
      }
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

  /** All of them, repeated ones among them. */
  get list(): readonly PaxRecord[] {
    return this.#records;
  }

  keys(): string[] {
    return this.#records.map((record) => record.key);
  }

  /** The last value of `key`; an empty one takes back what a global header said. */
  get(key: string): Buffer | undefined {
    for (let i = this.#records.length - 1; i >= 0; i--) {
      const record = this.#records[i] as PaxRecord;
      if (record.key === key) return record.value;
    }
    return undefined;
  }

  /** Whether `key` has more than one record: the last counts, the others still stand there. */
  repeats(key: string): boolean {
    return this.#records.filter((record) => record.key === key).length > 1;
  }

  /** Gives `key` this value, in the place of its first record, or behind all others. */
  set(key: string, value: Buffer): void {
    const first = this.#records.findIndex((record) => record.key === key);
    if (first < 0) {
      this.#records.push({ key, value });
      this.#changed = true;
      return;
    }
    if (!(this.#records[first] as PaxRecord).value.equals(value)) {
      this.#records[first] = { key, value };
      this.#changed = true;
    }
    this.#filter((record, index) => record.key !== key || index === first);
  }

  delete(key: string): void {
    this.#filter((record) => record.key !== key);
  }

  /** Deletes every record whose key isn't kept. */
  keep(keeps: (key: string) => boolean): void {
    this.#filter((record) => keeps(record.key));
  }

  /** One pass: a header may repeat a key a hundred thousand times. */
  #filter(stays: (record: PaxRecord, index: number) => boolean): void {
    const kept = this.#records.filter(stays);
    if (kept.length === this.#records.length) return;
    this.#records = kept;
    this.#changed = true;
  }

  /** The records as they stand in a tar, without padding. */
  serialize(): Buffer {
    return Buffer.concat(this.#records.flatMap(({ key, value }) => encodeRecord(key, value)));
  }
}

function encodeRecord(key: string, value: Buffer): Buffer[] {
  const rest = 1 + key.length + 1 + value.length + 1;
  let length = rest + String(rest).length;
  // The length counts its own digits: one more may be needed for the carry.
  length = rest + String(length).length;
  return [Buffer.from(`${length} ${key}=`, 'latin1'), value, Buffer.from('\n')];
}

function malformed(data: Buffer, at: number): DockerceptionError {
  const shown = printable(data.toString('latin1', at, Math.min(at + 24, data.length)));
  return new DockerceptionError('context', 'TAR_PAX', `a PAX record is malformed: "${shown}"`);
}

/** A number as PAX has it: no exponent, no trailing zeros. */
export function decimal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(9).replace(/0+$/, '');
}

/** A record as a number; undefined when it isn't there or empty. Throws TAR_FIELD. */
export function paxNumber(records: PaxRecords, key: string, fraction: boolean): number | undefined {
  const value = records.get(key);
  if (value === undefined || value.length === 0) return undefined;
  const text = value.toString('latin1');
  if (!(fraction ? /^-?[0-9]+(\.[0-9]*)?$/ : /^-?[0-9]+$/).test(text)) {
    throw badField(key, `is not a number in its PAX record: ${JSON.stringify(text.slice(0, 24))}`);
  }
  const number = Number(text);
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER) {
    throw new DockerceptionError(
      'context',
      'TAR_FIELD',
      `the ${key} is oversized in its PAX record`,
    );
  }
  return number;
}
