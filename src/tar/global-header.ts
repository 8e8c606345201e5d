/**
 * A global PAX header (typeflag g): records for all entries after it that have none of their own. GNU tar, bsdtar and
 * Python apply them, Go's archive/tar doesn't; so a record that would change how the stream itself is read (a size, a
 * name) is refused. POSIX.1-2017 pax, "pax Extended Header".
 */
import { DockerceptionError } from '../errors.js';
import * as block from './block.js';
import type { MetadataBlock } from './metadata.js';
import { PaxRecords, TIME_RECORDS } from './pax.js';

const REFUSED = /^(path|linkpath|size|GNU\.sparse\..*)$/;

/** The records that entries inherit. */
const INHERITED = ['uid', 'gid', 'uname', 'gname', ...TIME_RECORDS];

/** One global header, edited in place; valid during the call only. */
export class GlobalHeader {
  readonly #block: MetadataBlock;
  readonly records: PaxRecords;

  /** Throws TAR_GLOBAL for a record that readers disagree about, TAR_PAX and TAR_FIELD for an invalid one. */
  constructor(headerBlock: MetadataBlock) {
    this.#block = headerBlock;
    this.records = PaxRecords.parse(headerBlock.content);
    headerBlock.checkNumbers();
    const refused = this.records.keys().find((key) => REFUSED.test(key));
    if (refused !== undefined) {
      const message = `a global PAX header sets '${refused}' for every entry`;
      throw new DockerceptionError('context', 'TAR_GLOBAL', message);
    }
    for (const key of TIME_RECORDS) this.records.number(key);
  }

  /** Sets the owner in the records, if they have one, and in the header itself. */
  setOwner(uid: number, gid: number): void {
    for (const [key, value] of Object.entries({ uid, gid }))
      if (this.records.get(key) !== undefined) this.records.set(key, Buffer.from(String(value)));
    this.records.delete('uname');
    this.records.delete('gname');
    this.#block.writeNumber(block.UID, uid);
    this.#block.writeNumber(block.GID, gid);
    this.#block.writeText(block.UNAME, '');
    this.#block.writeText(block.GNAME, '');
  }

  /** Throws TAR_FIELD for an invalid owner, after edits could replace it. */
  checkOwner(): void {
    this.#block.checkOwner();
    for (const key of ['uid', 'gid']) this.records.number(key);
  }

  /** Deletes every record whose key isn't kept. */
  keepRecords(keeps: (key: string) => boolean): void {
    this.records.keep(keeps);
  }

  /** Changes every time stamp, in seconds since 1970. */
  mapTimes(change: (time: number) => number): void {
    this.records.mapTimes(change);
    this.#block.mapTime(change);
  }

  /** The blocks to write: none if no record is left. */
  serialize(): Buffer[] {
    if (!this.records.changed) return this.#block.blocks();
    return this.records.isEmpty ? [] : this.#block.blocks(this.records.serialize());
  }

  /** Adds the records that entries inherit to `globals`, as readers of the output will. */
  addTo(globals: PaxRecords): void {
    for (const key of INHERITED) {
      const value = this.records.get(key);
      if (value !== undefined) globals.set(key, value);
    }
  }
}
