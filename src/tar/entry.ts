/**
 * The view of one entry that edits get: the ustar header and whatever overrules it, read and
 * written in place. Precedence is the readers': a local PAX record, a GNU long name, a global
 * PAX record, the header. A setter changes every form that is there, so that no reader differs.
 * POSIX.1-2017 pax; GNU tar manual, "Storing Sparse Files" for GNU.sparse.name.
 */
import type { Field } from './block.js';
import * as block from './block.js';
import { writeChecksum } from './checksum.js';
import type { DeviceNumbers, ViewedEntry } from './entry-header.js';
import { Metadata } from './metadata.js';
import { isUtf8, joinName, nameText, standIn, writeName } from './name.js';
import { badField, holdsNumber, readNumber, writeNumber } from './numeric.js';
import { decimal, paxNumber, PaxRecords, TIME_RECORDS } from './pax.js';
import { badMap, isPaxSparse, oldSparseMap, paxSparseMap, type SparseMap } from './sparse-map.js';
import { type EntryType, GNU_SPARSE, isHeaderOnly, typeOf } from './typeflag.js';
import { readXattrs } from './xattrs.js';

export class TarEntry implements ViewedEntry {
  #block: Buffer = Buffer.alloc(0);
  #at = 0;
  #metadata = new Metadata();
  #globals: PaxRecords = PaxRecords.empty();
  #type: EntryType = 'unknown';
  #size = 0;
  /** The name as text, once somebody asked: most edits do. */
  #path: string | undefined;
  /** Its map, once somebody asked. */
  #sparse: SparseMap | undefined;
  /** Whether an edit replaced the owner's numbers. */
  #uidSet = false;
  #gidSet = false;
  #isChanged = false;
  readonly #own: () => Buffer;

  /** `own` is called before the first write and gives a buffer that may be written to. */
  constructor(own: () => Buffer) {
    this.#own = own;
  }

  /**
   * Reads another entry. Throws TAR_FIELD and TAR_PAX when a number or a record is invalid.
   */
  bind(buffer: Buffer, at: number, metadata: Metadata, globals: PaxRecords): void {
    this.#block = buffer;
    this.#at = at;
    this.#metadata = metadata;
    this.#globals = globals;
    this.#isChanged = false;
    this.#path = undefined;
    this.#sparse = undefined;
    this.#uidSet = this.#gidSet = false;
    const flag = buffer[at + block.TYPEFLAG] as number;
    this.#type = typeOf(flag);
    const told = readNumber(buffer, at, block.SIZE, 'size');
    this.#size = this.#record('size', false) ?? told;
    if (this.#size < 0) throw badField('size', 'is negative');
    if (flag === GNU_SPARSE && block.magicOf(buffer, at) !== 'gnu') {
      // Its map would lie where ustar has the prefix: Go's archive/tar refuses it, too.
      throw badField('typeflag', "is GNU's for sparse files, but the header isn't GNU's");
    }
    if (!metadata.isEmpty) metadata.checkNames(() => joinName(buffer, at));
    // A directory of a writer that knew no typeflag 5: Go and GNU tar go by the slash.
    if (flag === 0 && this.#nameEndsInSlash()) this.#type = 'directory';
    if (isHeaderOnly(this.#type)) this.#size = 0;
    this.#validate();
  }

  /** Numbers that no reader could use are damage, even where an edit would replace them. */
  #validate(): void {
    if (readNumber(this.#block, this.#at, block.MODE, 'mode') < 0) {
      throw badField('mode', 'is negative');
    }
    readNumber(this.#block, this.#at, block.MTIME, 'mtime');
    if (this.#pax !== undefined) for (const key of TIME_RECORDS) this.#record(key, true);
    // Go's archive/tar reads these of every type of entry.
    if (!hasPlainDevice(this.#block, this.#at) && block.magicOf(this.#block, this.#at) !== 'v7') {
      readNumber(this.#block, this.#at, block.DEVMAJOR, 'device number');
      readNumber(this.#block, this.#at, block.DEVMINOR, 'device number');
    }
    if (block.isStar(this.#block, this.#at)) {
      readNumber(this.#block, this.#at, block.STAR_ATIME, 'atime');
      readNumber(this.#block, this.#at, block.STAR_CTIME, 'ctime');
    }
  }

  /** Throws TAR_FIELD for an owner that no edit replaced and no reader could use. */
  checkOwner(): void {
    if (!this.#uidSet && this.uid < 0) throw badField('uid', 'is negative');
    if (!this.#gidSet && this.gid < 0) throw badField('gid', 'is negative');
    if (!(this.#uidSet && this.#gidSet) && !this.#metadata.isEmpty) this.#metadata.checkOwner();
  }

  get type(): EntryType {
    return this.#type;
  }

  get typeflag(): string {
    return String.fromCharCode(this.#block[this.#at + block.TYPEFLAG] as number);
  }

  set typeflag(flag: string) {
    const byte = flag.charCodeAt(0);
    this.#write()[this.#at + block.TYPEFLAG] = byte;
    this.#type = typeOf(byte);
    if (!isHeaderOnly(this.#type) || this.#size === 0) return;
    this.#size = 0;
    writeNumber(this.#write(), this.#at, block.SIZE, 0);
    this.#metadata.deleteRecord('size');
  }

  get hasMetadata(): boolean {
    return !this.#metadata.isEmpty;
  }

  get size(): number {
    return this.#size;
  }

  get contentSize(): number {
    return this.isSparse ? (this.sparse as SparseMap).size : this.#size;
  }

  get isSparse(): boolean {
    if (this.#type === 'sparse-file') return true;
    return this.#pax !== undefined && isPaxSparse(this.#pax);
  }

  get sparse(): SparseMap | undefined {
    if (this.#sparse !== undefined || !this.isSparse) return this.#sparse;
    if (isHeaderOnly(this.#type)) throw badMap('belongs to something that is no file');
    if (this.#type !== 'sparse-file') return (this.#sparse = paxSparseMap(this.#pax as PaxRecords));
    if (this.#pax !== undefined && isPaxSparse(this.#pax)) throw badMap('stands in two places');
    return (this.#sparse = oldSparseMap(this.#block, this.#at));
  }

  get device(): DeviceNumbers | undefined {
    if (this.#type !== 'char-device' && this.#type !== 'block-device') return undefined;
    if (block.magicOf(this.#block, this.#at) === 'v7') return { major: 0, minor: 0 };
    return {
      major: readNumber(this.#block, this.#at, block.DEVMAJOR, 'device number'),
      minor: readNumber(this.#block, this.#at, block.DEVMINOR, 'device number'),
    };
  }

  get xattrs(): ReadonlyMap<string, Buffer> | undefined {
    return this.#pax === undefined ? undefined : readXattrs(this.#pax);
  }

  get pathBytes(): Buffer {
    const pax = this.#pax;
    if (pax !== undefined) {
      const name = pax.get('GNU.sparse.name') ?? pax.get('path');
      if (name !== undefined && name.length > 0) return name;
    }
    return this.#metadata.longName ?? joinName(this.#block, this.#at);
  }

  set pathBytes(wanted: Buffer) {
    // It may be a part of the very field that is cleared first.
    const name = Buffer.from(wanted);
    this.#path = undefined;
    const pax = this.#pax;
    const sparse = pax?.get('GNU.sparse.name') !== undefined;
    if (sparse) this.#setRecord('GNU.sparse.name', name);
    // Readers that don't know sparse files see the name of a stand-in, which GNU tar puts beside.
    const shown = sparse ? standIn(name) : name;
    const fits = writeName(this.#write(), this.#at, shown);
    if (pax?.get('path') !== undefined) this.#setRecord('path', shown);
    if (this.#metadata.longName !== undefined) this.#metadata.setLongName(shown);
    const elsewhere = pax?.get('path') !== undefined || this.#metadata.longName !== undefined;
    if (!fits && !elsewhere) this.#carry('path', shown);
  }

  get path(): string {
    return (this.#path ??= this.#metadata.isEmpty
      ? nameText(this.#block, this.#at)
      : this.pathBytes.toString('utf8'));
  }

  set path(name: string) {
    this.pathBytes = Buffer.from(name);
  }

  get linkpathBytes(): Buffer {
    const record = this.#pax?.get('linkpath');
    if (record !== undefined && record.length > 0) return record;
    return this.#metadata.longLink ?? block.textField(this.#block, this.#at, block.LINKNAME);
  }

  set linkpathBytes(wanted: Buffer) {
    const name = Buffer.from(wanted);
    const own = this.#write();
    const { at, length } = block.LINKNAME;
    own.fill(0, this.#at + at, this.#at + at + length);
    name.copy(own, this.#at + at, 0, length);
    if (this.#pax?.get('linkpath') !== undefined) this.#setRecord('linkpath', name);
    else if (this.#metadata.longLink !== undefined) this.#metadata.setLongLink(name);
    else if (name.length > length) this.#carry('linkpath', name);
  }

  get linkpath(): string {
    return this.linkpathBytes.toString('utf8');
  }

  set linkpath(name: string) {
    this.linkpathBytes = Buffer.from(name);
  }

  get uid(): number {
    return this.#number('uid', block.UID);
  }

  set uid(value: number) {
    this.#setNumber('uid', block.UID, value);
    if (!this.#metadata.isEmpty) this.#metadata.setField(block.UID, value);
    this.#uidSet = true;
  }

  get gid(): number {
    return this.#number('gid', block.GID);
  }

  set gid(value: number) {
    this.#setNumber('gid', block.GID, value);
    if (!this.#metadata.isEmpty) this.#metadata.setField(block.GID, value);
    this.#gidSet = true;
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
    return readNumber(this.#block, this.#at, block.MODE, 'mode') & 0o7777;
  }

  set mode(value: number) {
    const told = readNumber(this.#block, this.#at, block.MODE, 'mode');
    const wanted = told - (told & 0o7777) + (value & 0o7777);
    if (wanted !== told) writeNumber(this.#write(), this.#at, block.MODE, wanted);
  }

  get mtime(): number {
    return this.#record('mtime', true) ?? readNumber(this.#block, this.#at, block.MTIME, 'mtime');
  }

  set mtime(value: number) {
    this.#setNumber('mtime', block.MTIME, value);
  }

  keepRecords(keeps: (key: string) => boolean): void {
    this.#metadata.keepRecords(keeps);
  }

  mapTimes(change: (time: number) => number): void {
    this.#mapTimeField(block.MTIME, change);
    if (block.magicOf(this.#block, this.#at) === 'gnu') {
      // GNU's incremental format keeps times where ustar has its prefix.
      this.#mapTimeField(block.GNU_ATIME, change);
      this.#mapTimeField(block.GNU_CTIME, change);
    } else if (block.isStar(this.#block, this.#at)) {
      this.#mapTimeField(block.STAR_ATIME, change);
      this.#mapTimeField(block.STAR_CTIME, change);
    }
    if (this.#metadata.isEmpty) return;
    this.#metadata.mapField(block.MTIME, (time) => Math.floor(change(time)));
    if (this.#pax === undefined) return;
    for (const key of TIME_RECORDS) {
      const told = paxNumber(this.#pax, key, true);
      if (told !== undefined && change(told) !== told) {
        this.#setRecord(key, Buffer.from(decimal(change(told))));
      }
    }
  }

  #mapTimeField(field: Field, change: (time: number) => number): void {
    if (field !== block.MTIME && this.#block[this.#at + field.at] === 0) return;
    const told = readNumber(this.#block, this.#at, field, 'time');
    const wanted = Math.floor(change(told));
    if (wanted !== told) writeNumber(this.#write(), this.#at, field, wanted);
  }

  /** Makes the checksum right, if something has changed. */
  seal(): void {
    if (this.#isChanged) writeChecksum(this.#block, this.#at);
  }

  /** Has to be called before a field is written to; gives the buffer to write into. */
  #write(): Buffer {
    if (!this.#isChanged) {
      this.#isChanged = true;
      this.#block = this.#own();
    }
    return this.#block;
  }

  #nameEndsInSlash(): boolean {
    return this.path.endsWith('/');
  }

  /** A numeric record, local before global; an empty local one takes the global one back. */
  #record(key: string, fraction: boolean): number | undefined {
    const local = this.#pax?.get(key);
    if (local !== undefined) return paxNumber(this.#pax as PaxRecords, key, fraction);
    return this.#globals.isEmpty ? undefined : paxNumber(this.#globals, key, fraction);
  }

  #number(key: string, field: Field): number {
    const inHeader = readNumber(this.#block, this.#at, field, key);
    return this.#record(key, false) ?? inHeader;
  }

  #setNumber(key: string, field: Field, value: number): void {
    const whole = Math.floor(value);
    if (!holdsNumber(this.#block, this.#at, field, whole)) {
      writeNumber(this.#write(), this.#at, field, whole);
    }
    if (this.#pax === undefined && this.#globals.isEmpty) return;
    // What overrules the header, a local record or a global one, is overruled in its turn.
    if (this.#overrules(key, value) || this.#pax?.repeats(key) === true) {
      this.#setRecord(key, Buffer.from(decimal(value)));
    }
  }

  /** Whether a record says something else than `value`, an invalid number included. */
  #overrules(key: string, value: number): boolean {
    try {
      const recorded = this.#record(key, key === 'mtime');
      return recorded !== undefined && recorded !== value;
    } catch {
      return true;
    }
  }

  #text(key: string, field: Field): string {
    const record = this.#pax?.get(key) ?? this.#globals.get(key);
    if (record !== undefined && record.length > 0) return record.toString('utf8');
    if (block.magicOf(this.#block, this.#at) === 'v7') return '';
    return block.textField(this.#block, this.#at, field).toString('utf8');
  }

  #setText(key: string, field: Field, value: string): void {
    const from = this.#at + field.at;
    // A v7 header ends in front of the names: what stands there means nothing.
    if (
      (this.#block[from] !== 0 || value !== '') &&
      block.magicOf(this.#block, this.#at) !== 'v7'
    ) {
      const own = this.#write();
      // Not `fill`: a call into C++ costs more than so few bytes, most of which are zeros already.
      for (let i = from; i < from + field.length; i++) if (own[i] !== 0) own[i] = 0;
      if (value !== '') own.write(value, from, field.length - 1, 'utf8');
    }
    if (this.#metadata.isEmpty && this.#globals.isEmpty) return;
    this.#metadata.clearField(field);
    const inherited = this.#globals.get(key);
    if (value === '' && (inherited === undefined || inherited.length === 0))
      this.#metadata.deleteRecord(key);
    else if (this.#pax?.get(key) !== undefined || inherited !== undefined) {
      this.#setRecord(key, Buffer.from(value));
    }
  }

  get #pax(): PaxRecords | undefined {
    return this.#metadata.pax;
  }

  #setRecord(key: string, value: Buffer): void {
    this.#metadata.setRecord(key, value);
  }

  /** Carries a name that the header can't: as the archive's own format does it. */
  #carry(key: 'path' | 'linkpath', name: Buffer): void {
    const posix = block.magicOf(this.#block, this.#at) === 'ustar' && isUtf8(name);
    if (posix || this.#pax !== undefined) this.#setRecord(key, name);
    else if (key === 'path') this.#metadata.setLongName(name);
    else this.#metadata.setLongLink(name);
  }
}

/** Whether the device fields hold nothing but NUL and '0': they do for most entries. */
function hasPlainDevice(header: Buffer, at: number): boolean {
  for (let i = at + block.DEVMAJOR.at, end = i + 16; i < end; i++) {
    const byte = header[i];
    if (byte !== 0 && byte !== 0x30) return false;
  }
  return true;
}
