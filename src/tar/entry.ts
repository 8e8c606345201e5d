/**
 * One entry for edits and readers: the ustar header and the records that override it, read and written in place.
 * Precedence is that of other readers: a local PAX record, a GNU long name, a global PAX record, the header.
 * POSIX.1-2017 pax; GNU tar manual, "Storing Sparse Files" for GNU.sparse.name.
 */
import type { DeviceNumbers, EntryType } from './block.js';
import * as block from './block.js';
import { EntryAttributes } from './entry-attributes.js';
import type { EntryHeader } from './entry-header.js';
import {
  badField,
  checkNumbers,
  deviceNumbers,
  isUtf8,
  joinName,
  nameText,
  standIn,
  writeName,
  writeNumber,
} from './header-fields.js';
import type { Metadata } from './metadata.js';
import { type PaxRecords, readXattrs, TIME_RECORDS } from './pax.js';
import { badMap, isPaxSparse, oldSparseMap, paxSparseMap, type SparseMap } from './sparse-map.js';

export class TarEntry extends EntryAttributes implements EntryHeader {
  #type: EntryType = 'unknown';
  #size = 0;
  /** The name as text, after the first access: most edits read it. */
  #path: string | undefined;
  #sparse: SparseMap | undefined;

  /** Reads another entry. Throws TAR_FIELD and TAR_PAX for an invalid number or record. */
  override bind(buffer: Buffer, at: number, metadata: Metadata, globals: PaxRecords): void {
    super.bind(buffer, at, metadata, globals);
    this.#path = undefined;
    this.#sparse = undefined;
    const flag = buffer[at + block.TYPEFLAG] as number;
    this.#type = block.typeOf(flag);
    this.#size = this.number('size', block.SIZE);
    if (this.#size < 0) throw badField('size', 'is negative');
    if (flag === block.GNU_SPARSE && block.magicOf(buffer, at) !== 'gnu') {
      // Its map would be in the place of ustar's prefix: Go's archive/tar refuses it, too.
      throw badField('typeflag', "is GNU's for sparse files, but the header isn't GNU's");
    }
    if (!metadata.isEmpty) metadata.checkNames(() => joinName(buffer, at));
    // A directory of a writer that doesn't know typeflag 5: Go and GNU tar recognise the slash.
    if (flag === 0 && this.path.endsWith('/')) this.#type = 'directory';
    if (block.isHeaderOnly(this.#type)) this.#size = 0;
    checkNumbers(buffer, at);
    if (metadata.pax !== undefined) for (const key of TIME_RECORDS) this.record(key, true);
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
    writeNumber(this.write(), this.at, block.SIZE, 0);
    this.metadata.changeRecords((records) => records.delete('size'));
  }

  get hasMetadata(): boolean {
    return !this.metadata.isEmpty;
  }

  get size(): number {
    return this.#size;
  }

  get contentSize(): number {
    return this.sparse?.size ?? this.#size;
  }

  get isSparse(): boolean {
    const { pax } = this.metadata;
    return this.#type === 'sparse-file' || (pax !== undefined && isPaxSparse(pax));
  }

  get sparse(): SparseMap | undefined {
    if (this.#sparse !== undefined || !this.isSparse) return this.#sparse;
    const { pax } = this.metadata;
    if (block.isHeaderOnly(this.#type)) throw badMap('belongs to something that is no file');
    if (this.#type !== 'sparse-file') return (this.#sparse = paxSparseMap(pax as PaxRecords));
    if (pax !== undefined && isPaxSparse(pax)) throw badMap('stands in two places');
    return (this.#sparse = oldSparseMap(this.block, this.at));
  }

  get device(): DeviceNumbers | undefined {
    const isDevice = this.#type === 'char-device' || this.#type === 'block-device';
    return isDevice ? deviceNumbers(this.block, this.at) : undefined;
  }

  get xattrs(): ReadonlyMap<string, Buffer> | undefined {
    const { pax } = this.metadata;
    return pax && readXattrs(pax);
  }

  get pathBytes(): Buffer {
    const { pax, longName } = this.metadata;
    const name = pax?.get('GNU.sparse.name') ?? pax?.get('path');
    if (name !== undefined && name.length > 0) return name;
    return longName ?? joinName(this.block, this.at);
  }

  set pathBytes(wanted: Buffer) {
    // It may be a part of the field that is cleared.
    const name = Buffer.from(wanted);
    this.#path = undefined;
    const { pax, longName } = this.metadata;
    const isSparse = pax?.get('GNU.sparse.name') !== undefined;
    if (isSparse) this.metadata.setRecord('GNU.sparse.name', name);
    // Readers that don't know sparse files see another name, as GNU tar writes it.
    const shown = isSparse ? standIn(name) : name;
    const fits = writeName(this.write(), this.at, shown);
    const hasRecord = pax?.get('path') !== undefined;
    if (hasRecord) this.metadata.setRecord('path', shown);
    if (longName !== undefined) this.metadata.setLongName(shown);
    if (!fits && !hasRecord && longName === undefined) this.#addLongName('path', shown);
  }

  /** Writes the name again, in a form that all readers agree about. */
  rewritePath(): void {
    const { pathBytes } = this;
    this.pathBytes = pathBytes;
  }

  get path(): string {
    return (this.#path ??= this.metadata.isEmpty
      ? nameText(this.block, this.at)
      : this.pathBytes.toString('utf8'));
  }

  set path(name: string) {
    this.pathBytes = Buffer.from(name);
  }

  get linkpathBytes(): Buffer {
    const record = this.metadata.pax?.get('linkpath');
    if (record !== undefined && record.length > 0) return record;
    return this.metadata.longLink ?? block.textField(this.block, this.at, block.LINKNAME);
  }

  set linkpathBytes(wanted: Buffer) {
    const name = Buffer.from(wanted);
    const { at, length } = block.LINKNAME;
    const start = this.at + at;
    name.copy(this.write().fill(0, start, start + length), start, 0, length);
    if (this.metadata.pax?.get('linkpath') !== undefined) this.metadata.setRecord('linkpath', name);
    else if (this.metadata.longLink !== undefined) this.metadata.setLongLink(name);
    else if (name.length > length) this.#addLongName('linkpath', name);
  }

  get linkpath(): string {
    return this.linkpathBytes.toString('utf8');
  }

  set linkpath(name: string) {
    this.linkpathBytes = Buffer.from(name);
  }

  /** Adds a name that the header can't hold, in the archive's own format. */
  #addLongName(key: 'path' | 'linkpath', name: Buffer): void {
    const isPosix = block.magicOf(this.block, this.at) === 'ustar' && isUtf8(name);
    if (isPosix || this.metadata.pax !== undefined) this.metadata.setRecord(key, name);
    else if (key === 'path') this.metadata.setLongName(name);
    else this.metadata.setLongLink(name);
  }

  keepRecords(keeps: (key: string) => boolean): void {
    this.metadata.changeRecords((records) => records.keep(keeps));
  }
}
