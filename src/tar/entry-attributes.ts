/**
 * The owner, mode and times of an entry: the fields of its header and the records that override them, read and written
 * in place. A setter changes every form of the value. POSIX.1-2017 pax, "pax Extended Header".
 */
import type { Field } from './block.js';
import * as block from './block.js';
import {
  badField,
  holdsNumber,
  readNumber,
  timeFields,
  writeChecksum,
  writeNumber,
} from './header-fields.js';
import { Metadata } from './metadata.js';
import { decimal, PaxRecords } from './pax.js';

export abstract class EntryAttributes {
  /** The header is at `at` in this buffer. */
  protected block: Buffer = Buffer.alloc(0);
  protected at = 0;
  protected metadata = new Metadata();
  protected globals: PaxRecords = PaxRecords.empty();
  #isChanged = false;
  /** Whether an edit has set the owner. */
  #isUidSet = false;
  #isGidSet = false;
  readonly #writable: () => Buffer;

  /** @param writable called before the first write; returns the block's buffer, or a copy that may be written to */
  constructor(writable: () => Buffer) {
    this.#writable = writable;
  }

  bind(buffer: Buffer, at: number, metadata: Metadata, globals: PaxRecords): void {
    this.block = buffer;
    this.at = at;
    this.metadata = metadata;
    this.globals = globals;
    this.#isChanged = this.#isUidSet = this.#isGidSet = false;
  }

  /** Throws TAR_FIELD for an invalid owner that no edit has replaced. */
  checkOwner(): void {
    if (!this.#isUidSet && this.uid < 0) throw badField('uid', 'is negative');
    if (!this.#isGidSet && this.gid < 0) throw badField('gid', 'is negative');
    if (this.metadata.isEmpty || (this.#isUidSet && this.#isGidSet)) return;
    this.metadata.changeHeaders((header) => header.checkOwner());
  }

  get uid(): number {
    return this.number('uid', block.UID);
  }

  set uid(value: number) {
    this.#setNumber('uid', block.UID, value);
    this.#isUidSet = true;
  }

  get gid(): number {
    return this.number('gid', block.GID);
  }

  set gid(value: number) {
    this.#setNumber('gid', block.GID, value);
    this.#isGidSet = true;
  }

  get uname(): string {
    return this.#text('uname', block.UNAME);
  }

  set uname(value: string) {
    this.#setText('uname', block.UNAME, value);
  }

  get gname(): string {
    return this.#text('gname', block.GNAME);
  }

  set gname(value: string) {
    this.#setText('gname', block.GNAME, value);
  }

  get mode(): number {
    return readNumber(this.block, this.at, block.MODE, 'mode') & 0o7777;
  }

  set mode(value: number) {
    const old = readNumber(this.block, this.at, block.MODE, 'mode');
    const wanted = old - (old & 0o7777) + (value & 0o7777);
    if (wanted !== old) writeNumber(this.write(), this.at, block.MODE, wanted);
  }

  get mtime(): number {
    return this.record('mtime', true) ?? readNumber(this.block, this.at, block.MTIME, 'mtime');
  }

  set mtime(value: number) {
    this.#setNumber('mtime', block.MTIME, value);
  }

  mapTimes(change: (time: number) => number): void {
    for (const field of timeFields(this.block, this.at)) {
      if (field !== block.MTIME && this.block[this.at + field.at] === 0) continue;
      const old = readNumber(this.block, this.at, field, 'time');
      const wanted = Math.floor(change(old));
      if (wanted !== old) writeNumber(this.write(), this.at, field, wanted);
    }
    if (this.metadata.isEmpty) return;
    this.metadata.changeHeaders((header) => header.mapTime(change));
    this.metadata.changeRecords((records) => records.mapTimes(change));
  }

  /** Updates the checksum after changes. */
  seal(): void {
    if (this.#isChanged) writeChecksum(this.block, this.at);
  }

  /** Returns the buffer to write a field into. */
  protected write(): Buffer {
    if (!this.#isChanged) {
      this.#isChanged = true;
      this.block = this.#writable();
    }
    return this.block;
  }

  /** A numeric record, local before global; an empty local one cancels the global one. */
  protected record(key: string, fraction: boolean): number | undefined {
    const { pax } = this.metadata;
    if (pax?.get(key) !== undefined) return pax.number(key, fraction);
    return this.globals.isEmpty ? undefined : this.globals.number(key, fraction);
  }

  /** The record's number, or else the header's, which has to be valid in any case. */
  protected number(key: string, field: Field): number {
    const inHeader = readNumber(this.block, this.at, field, key);
    return this.record(key, false) ?? inHeader;
  }

  #setNumber(key: 'uid' | 'gid' | 'mtime', field: Field, value: number): void {
    const whole = Math.floor(value);
    if (!holdsNumber(this.block, this.at, field, whole)) {
      writeNumber(this.write(), this.at, field, whole);
    }
    const { pax } = this.metadata;
    // A local or global record that overrides the header is overridden in turn.
    const hasRecords = pax !== undefined || !this.globals.isEmpty;
    if (hasRecords && (this.#overrides(key, value) || pax?.repeats(key) === true))
      this.metadata.setRecord(key, Buffer.from(decimal(value)));
    if (key !== 'mtime' && !this.metadata.isEmpty)
      this.metadata.changeHeaders((header) => header.setNumber(field, value));
  }

  /** Whether a record has another value, or an invalid number. */
  #overrides(key: string, value: number): boolean {
    try {
      const recorded = this.record(key, key === 'mtime');
      return recorded !== undefined && recorded !== value;
    } catch {
      return true;
    }
  }

  #text(key: string, field: Field): string {
    const record = this.metadata.pax?.get(key) ?? this.globals.get(key);
    if (record !== undefined && record.length > 0) return record.toString('utf8');
    if (block.magicOf(this.block, this.at) === 'v7') return '';
    return block.textField(this.block, this.at, field).toString('utf8');
  }

  #setText(key: string, field: Field, value: string): void {
    const from = this.at + field.at;
    // A v7 header ends before these names: the bytes have no meaning.
    const isNeeded = this.block[from] !== 0 || value !== '';
    if (isNeeded && block.magicOf(this.block, this.at) !== 'v7') {
      const own = this.write();
      // Not `fill`: a call into C++ costs more than so few bytes, most of which are zeros already.
      for (let i = from; i < from + field.length; i++) if (own[i] !== 0) own[i] = 0;
      if (value !== '') own.write(value, from, field.length - 1, 'utf8');
    }
    if (this.metadata.isEmpty && this.globals.isEmpty) return;
    this.metadata.changeHeaders((header) => header.clearText(field));
    const inherited = this.globals.get(key);
    if (value === '' && (inherited === undefined || inherited.length === 0))
      this.metadata.changeRecords((records) => records.delete(key));
    else if (this.metadata.pax?.get(key) !== undefined || inherited !== undefined)
      this.metadata.setRecord(key, Buffer.from(value));
  }
}
