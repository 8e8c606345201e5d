/**
 * One entry for edits and readers: the ustar header and the records that override it, read and written in place. A setter
 * changes every form of the value. Precedence is that of other readers: a local PAX record, a GNU long name, a global PAX
 * record, the header. POSIX.1-2017 pax; GNU tar manual, "Storing Sparse Files" for GNU.sparse.name.
 */
import { isUtf8 } from 'node:buffer';
import type { DeviceNumbers, EntryType, Field } from './block.js';
import * as block from './block.js';
import type { EntryHeader } from './entry-header.js';
import * as fields from './header-fields.js';
import { HeaderBlock, Metadata } from './metadata.js';
import { decimal, PaxRecords, readXattrs, TIME_RECORDS } from './pax.js';
import { isPaxSparse, readSparseMap, type SparseMap } from './sparse-map.js';

export class TarEntry extends HeaderBlock implements EntryHeader {
  #metadata = new Metadata();
  #globals = PaxRecords.empty();
  #type: EntryType = 'unknown';
  #size = 0;
  /** The name as text, after the first access: most edits read it. */
  #path: string | undefined;
  #sparse: SparseMap | undefined;

  /**
   * Reads another entry. Throws TAR_FIELD and TAR_PAX for an invalid number or record.
   * @param sum of the header's bytes
   */
  bind(buffer: Buffer, at: number, metadata: Metadata, globals: PaxRecords, sum?: number): void {
    this.moveTo(buffer, at, sum);
    this.#metadata = metadata;
    this.#globals = globals;
    this.#path = undefined;
    this.#sparse = undefined;
    const flag = buffer[at + block.TYPEFLAG] as number;
    this.#type = block.typeOf(flag);
    this.#size = this.#number('size', block.SIZE);
    if (this.#size < 0) throw fields.badField('size', 'is negative');
    if (flag === block.GNU_SPARSE && block.magicOf(buffer, at) !== 'gnu') {
      // Its map would be in the place of ustar's prefix: Go's archive/tar refuses it, too.
      throw fields.badField('typeflag', "is GNU's for sparse files, but the header isn't GNU's");
    }
    if (!metadata.isEmpty) metadata.checkNames(() => fields.joinName(buffer, at));
    // A directory of a writer that doesn't know typeflag 5: Go and GNU tar recognise the slash.
    if (flag === 0 && this.path.endsWith('/')) this.#type = 'directory';
    if (block.isHeaderOnly(this.#type)) this.#size = 0;
    fields.checkNumbers(buffer, at);
    if (metadata.pax !== undefined) for (const key of TIME_RECORDS) this.#record(key);
  }

  get type(): EntryType {
    return this.#type;
  }

  get typeflag(): string {
    return String.fromCharCode(this.block[this.at + block.TYPEFLAG] as number);
  }

  set typeflag(flag: string) {
    const byte = flag.charCodeAt(0);
    this.write()[this.at + block.TYPEFLAG] = byte;
    this.#type = block.typeOf(byte);
    if (!block.isHeaderOnly(this.#type) || this.#size === 0) return;
    this.#size = 0;
    this.writeNumber(block.SIZE, 0);
    this.#metadata.changeRecords((records) => records.delete('size'));
  }

  get hasMetadata(): boolean {
    return !this.#metadata.isEmpty;
  }

  get size(): number {
    return this.#size;
  }

  get contentSize(): number {
    return this.sparse?.size ?? this.#size;
  }

  get isSparse(): boolean {
    return this.#type === 'sparse-file' || isPaxSparse(this.#metadata.pax);
  }

  get sparse(): SparseMap | undefined {
    if (this.isSparse)
      this.#sparse ??= readSparseMap(this.block, this.at, this.#type, this.#metadata.pax);
    return this.#sparse;
  }

  get device(): DeviceNumbers | undefined {
    const isDevice = this.#type === 'char-device' || this.#type === 'block-device';
    return isDevice ? fields.deviceNumbers(this.block, this.at) : undefined;
  }

  get xattrs(): ReadonlyMap<string, Buffer> | undefined {
    const { pax } = this.#metadata;
    return pax && readXattrs(pax);
  }

  get pathBytes(): Buffer {
    const { pax } = this.#metadata;
    const name = pax?.get('GNU.sparse.name') ?? pax?.get('path');
    if (name !== undefined && name.length > 0) return name;
    return this.#metadata.longNames.path ?? fields.joinName(this.block, this.at);
  }

  set pathBytes(wanted: Buffer) {
    // It may be a part of the field that is cleared.
    const name = Buffer.from(wanted);
    this.#path = undefined;
    const isSparse = this.#metadata.pax?.get('GNU.sparse.name') !== undefined;
    if (isSparse) this.#metadata.setRecord('GNU.sparse.name', name);
    // Readers that don't know sparse files see another name, as GNU tar writes it.
    const shown = isSparse ? fields.standIn(name) : name;
    const fits = fields.writeName(this.write(), this.at, shown);
    this.#setLongName('path', shown, fits);
  }

  get path(): string {
    return (this.#path ??= this.#metadata.isEmpty
      ? fields.nameText(this.block, this.at)
      : this.pathBytes.toString('utf8'));
  }

  set path(name: string) {
    this.pathBytes = Buffer.from(name);
  }

  get linkpathBytes(): Buffer {
    const { pax, longNames } = this.#metadata;
    const record = pax?.get('linkpath');
    if (record !== undefined && record.length > 0) return record;
    return longNames.linkpath ?? block.textField(this.block, this.at, block.LINKNAME);
  }

  set linkpathBytes(wanted: Buffer) {
    const name = Buffer.from(wanted);
    const { at, length } = block.LINKNAME;
    const start = this.at + at;
    name.copy(this.write().fill(0, start, start + length), start, 0, length);
    this.#setLongName('linkpath', name, name.length <= length);
  }

  get linkpath(): string {
    return this.linkpathBytes.toString('utf8');
  }

  set linkpath(name: string) {
    this.linkpathBytes = Buffer.from(name);
  }

  /** Changes what overrides a name in the header. One that doesn't fit is added in the archive's own format. */
  #setLongName(key: 'path' | 'linkpath', name: Buffer, fits: boolean): void {
    const metadata = this.#metadata;
    const hasRecord = metadata.pax?.get(key) !== undefined;
    const hasLongName = metadata.longNames[key] !== undefined;
    if (hasRecord) metadata.setRecord(key, name);
    if (hasLongName) metadata.setLongName(key, name);
    if (fits || hasRecord || hasLongName) return;
    const isPosix = block.magicOf(this.block, this.at) === 'ustar' && isUtf8(name);
    if (isPosix || metadata.pax !== undefined) metadata.setRecord(key, name);
    else metadata.setLongName(key, name);
  }

  keepRecords(keeps: (key: string) => boolean): void {
    this.#metadata.changeRecords((records) => records.keep(keeps));
  }

  /** Throws TAR_FIELD for an invalid owner that no edit has replaced. */
  checkOwner(): void {
    if (this.uid < 0) throw fields.badField('uid', 'is negative');
    if (this.gid < 0) throw fields.badField('gid', 'is negative');
    this.#metadata.changeHeaders((header) => header.checkOwner());
  }

  get uid(): number {
    return this.#number('uid', block.UID);
  }

  set uid(value: number) {
    this.#setNumber('uid', block.UID, value);
  }

  get gid(): number {
    return this.#number('gid', block.GID);
  }

  set gid(value: number) {
    this.#setNumber('gid', block.GID, value);
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
    return fields.readNumber(this.block, this.at, block.MODE, 'mode') & 0o7777;
  }

  set mode(value: number) {
    const old = fields.readNumber(this.block, this.at, block.MODE, 'mode');
    const wanted = old - (old & 0o7777) + (value & 0o7777);
    this.writeNumber(block.MODE, wanted);
  }

  get mtime(): number {
    return this.#number('mtime', block.MTIME);
  }

  set mtime(value: number) {
    this.#setNumber('mtime', block.MTIME, value);
  }

  mapTimes(change: (time: number) => number): void {
    for (const field of fields.timeFields(this.block, this.at)) {
      if (field !== block.MTIME && this.block[this.at + field.at] === 0) continue;
      const old = fields.readNumber(this.block, this.at, field, 'time');
      this.writeNumber(field, Math.floor(change(old)));
    }
    if (this.#metadata.isEmpty) return;
    this.#metadata.changeHeaders((header) => header.mapTime(change));
    this.#metadata.changeRecords((records) => records.mapTimes(change));
  }

  /** A numeric record, local before global; an empty local one cancels the global one. */
  #record(key: string): number | undefined {
    const { pax } = this.#metadata;
    if (pax?.get(key) !== undefined) return pax.number(key);
    return this.#globals.isEmpty ? undefined : this.#globals.number(key);
  }

  /** The record's number, or else the header's, which has to be valid in any case. */
  #number(key: string, field: Field): number {
    const inHeader = fields.readNumber(this.block, this.at, field, key);
    return this.#record(key) ?? inHeader;
  }

  #setNumber(key: 'uid' | 'gid' | 'mtime', field: Field, value: number): void {
    this.writeNumber(field, Math.floor(value));
    const { pax } = this.#metadata;
    // A local or global record that overrides the header is overridden in turn.
    const hasRecords = pax !== undefined || !this.#globals.isEmpty;
    if (hasRecords && (this.#overrides(key, value) || pax?.repeats(key) === true))
      this.#metadata.setRecord(key, Buffer.from(decimal(value)));
    if (key !== 'mtime' && !this.#metadata.isEmpty)
      this.#metadata.changeHeaders((header) => header.writeNumber(field, value));
  }

  /** Whether a record has another value, or an invalid number. */
  #overrides(key: string, value: number): boolean {
    try {
      const recorded = this.#record(key);
      return recorded !== undefined && recorded !== value;
    } catch {
      return true;
    }
  }

  #text(key: string, field: Field): string {
    const record = this.#metadata.pax?.get(key) ?? this.#globals.get(key);
    if (record !== undefined && record.length > 0) return record.toString('utf8');
    if (block.magicOf(this.block, this.at) === 'v7') return '';
    return block.textField(this.block, this.at, field).toString('utf8');
  }

  #setText(key: string, field: Field, value: string): void {
    this.writeText(field, value);
    if (this.#metadata.isEmpty && this.#globals.isEmpty) return;
    this.#metadata.changeHeaders((header) => header.writeText(field, ''));
    const inherited = this.#globals.get(key);
    if (value === '' && (inherited === undefined || inherited.length === 0))
      this.#metadata.changeRecords((records) => records.delete(key));
    else if (this.#metadata.pax?.get(key) !== undefined || inherited !== undefined)
      this.#metadata.setRecord(key, Buffer.from(value));
  }
}
