/**
 * A global PAX header (typeflag g): records for all entries behind it, unless they have their
 * own. GNU tar, bsdtar and Python go by them, Go's archive/tar doesn't; so what would change how
 * the stream itself is read (a size, a name) is refused. POSIX.1-2017 pax, "pax Extended Header".
 */
import { DockerceptionError } from '../errors.js';
import * as block from './block.js';
import { writeChecksum } from './checksum.js';
import { checkNumbers, checkOwner, clearText, mapNumber, refill, setNumber } from './metadata.js';
import type { MetadataBlock } from './metadata-block.js';
import { decimal, paxNumber, PaxRecords, TIME_RECORDS } from './pax.js';

const REFUSED = /^(path|linkpath|size|GNU\.sparse\..*)$/;

/** What entries inherit of a global header; others are passed on, and that's all. */
const INHERITED = ['uid', 'gid', 'uname', 'gname', ...TIME_RECORDS];

/** One global header, edited in place; valid during the call only. */
export class GlobalHeader {
  readonly #header: Buffer;
  readonly #data: Buffer;
  #headerDirty = false;

  /** `header` is writable. Throws TAR_GLOBAL for a record that readers disagree about. */
  constructor(
    header: Buffer,
    data: Buffer,
    readonly records: PaxRecords,
  ) {
    this.#header = header;
    this.#data = data;
    checkNumbers(header);
    const refused = records.keys().find((key) => REFUSED.test(key));
    if (refused !== undefined) {
      const message = `a global PAX header sets '${refused}' for every entry`;
      throw new DockerceptionError('context', 'TAR_GLOBAL', message);
    }
    for (const key of TIME_RECORDS) paxNumber(records, key, true);
  }

  /** The owner that the records give, where they give one, and the header's own. */
  setOwner(uid: number, gid: number): void {
    for (const [key, value] of [
      ['uid', uid],
      ['gid', gid],
    ] as const) {
      if (this.records.get(key) !== undefined) this.records.set(key, Buffer.from(String(value)));
    }
    this.records.delete('uname');
    this.records.delete('gname');
    const owners = [
      setNumber(this.#header, block.UID, uid),
      setNumber(this.#header, block.GID, gid),
      clearText(this.#header, block.UNAME),
      clearText(this.#header, block.GNAME),
    ];
    this.#headerDirty ||= owners.includes(true);
  }

  /** Throws TAR_FIELD for an owner that is no number, once edits had the chance to replace it. */
  checkOwner(): void {
    checkOwner(this.#header);
    for (const key of ['uid', 'gid']) paxNumber(this.records, key, false);
  }

  /** Deletes every record whose key isn't kept. */
  keepRecords(keeps: (key: string) => boolean): void {
    this.records.keep(keeps);
  }

  /** Passes every time stamp through `change`; seconds since 1970. */
  mapTimes(change: (time: number) => number): void {
    for (const key of TIME_RECORDS) {
      const told = paxNumber(this.records, key, true);
      if (told !== undefined && change(told) !== told) {
        this.records.set(key, Buffer.from(decimal(change(told))));
      }
    }
    const moved = mapNumber(this.#header, block.MTIME, (time) => Math.floor(change(time)));
    this.#headerDirty ||= moved;
  }

  /** The blocks as they leave: none when no record is left. */
  serialize(): Buffer[] {
    if (this.records.changed) {
      return this.records.isEmpty ? [] : refill(this.#header, this.records.serialize());
    }
    if (this.#headerDirty) writeChecksum(this.#header, 0);
    return [this.#header, this.#data];
  }
}

/** Reports a global header and passes it on; adds what entries behind it inherit to `globals`. */
export function passGlobal(
  { header: block, data, size }: MetadataBlock,
  globals: PaxRecords,
  handler: { global(header: GlobalHeader): void; bytes?(bytes: Buffer): void },
): void {
  const records = PaxRecords.parse(data.subarray(0, size));
  const header = new GlobalHeader(block, data, records);
  handler.global(header);
  header.checkOwner();
  for (const bytes of header.serialize()) handler.bytes?.(bytes);
  // Entries behind it are read as those who read the output will read them.
  for (const key of INHERITED) {
    const value = records.get(key);
    if (value !== undefined) globals.set(key, value);
  }
}
