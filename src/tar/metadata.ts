/**
 * The blocks before a header that describe it: PAX (x, Sun's X) and GNU long names (L, K). They are written as they
 * were read unless something in them was set. At most one of each kind is accepted: readers disagree about which of
 * two counts. POSIX.1-2017 pax; GNU tar manual, "Basic Tar Format".
 */
import { DockerceptionError } from '../errors.js';
import * as block from './block.js';
import { BLOCK, type Field } from './block.js';
import {
  holdsNumber,
  readNumber,
  sumOfField,
  writeChecksum,
  writeNumber,
} from './header-fields.js';
import { PaxRecords } from './pax.js';
import { metadataEntry, paddingAfter } from './writer.js';

/** One header, whose fields are read and written in place. */
export class HeaderBlock {
  /** The header is at `at` in this buffer. */
  protected block: Buffer = Buffer.alloc(0);
  protected at = 0;
  #isChanged = false;
  /** The sum of the header's bytes; NaN if it isn't known. */
  #sum = NaN;

  /** @param writable called before the first write; returns the block's buffer, or a copy that may be written to */
  constructor(private readonly writable: () => Buffer) {}

  /** Moves to another header. */
  protected moveTo(buffer: Buffer, at: number, sum = NaN): void {
    this.block = buffer;
    this.at = at;
    this.#isChanged = false;
    this.#sum = sum;
  }

  /** Returns the buffer to write a field into. @param change what that adds to the sum of the bytes, if it is known */
  protected write(change = NaN): Buffer {
    this.#sum += change;
    if (!this.#isChanged) {
      this.#isChanged = true;
      this.block = this.writable();
    }
    return this.block;
  }

  /** Writes a number, unless the field holds it. */
  writeNumber(field: Field, value: number): void {
    if (holdsNumber(this.block, this.at, field, value)) return;
    const own = this.write(-sumOfField(this.block, this.at, field));
    writeNumber(own, this.at, field, value);
    this.#sum += sumOfField(own, this.at, field);
  }

  writeText(field: Field, value: string): void {
    const { at, length } = field;
    const from = this.at + at;
    // A v7 header ends before these names: the bytes have no meaning.
    const isNeeded = this.block[from] !== 0 || value !== '';
    if (!isNeeded || block.magicOf(this.block, this.at) === 'v7') return;
    const own = this.write(value === '' ? -sumOfField(this.block, this.at, field) : NaN);
    // Not `fill`: a call into C++ costs more than so few bytes, most of which are zeros already.
    for (let i = from; i < from + length; i++) if (own[i] !== 0) own[i] = 0;
    if (value !== '') own.write(value, from, length - 1, 'utf8');
  }

  /** Updates the checksum after changes. */
  seal(): void {
    if (this.#isChanged) writeChecksum(this.block, this.at, this.#sum);
  }
}

/** The maximum size of the metadata of one header, as in Go's archive/tar. Bytes. */
export const METADATA_LIMIT = 1024 * 1024;

/**
 * One metadata entry: its header and its data, which chunks may deliver in pieces. Its header has an owner, a mode and
 * a time, which no reader applies but every reader parses, and which reveal the builder as an entry's do.
 */
export class MetadataBlock extends HeaderBlock {
  /** Data and padding. */
  readonly #data: Buffer;
  readonly #size: number;
  #filled = 0;

  /** Reads the header at `at`. Throws TAR_METADATA for an invalid size. */
  constructor(buffer: Buffer, at: number) {
    super(() => this.block);
    const size = readNumber(buffer, at, block.SIZE, 'size');
    if (size < 0 || size > METADATA_LIMIT) {
      const why = size < 0 ? 'negative' : `${size} bytes, more than 1 MiB`;
      throw metadataError(`the extended header's size is ${why}`);
    }
    this.#size = size;
    // A copy, which may be written to.
    this.moveTo(Buffer.from(buffer.subarray(at, at + BLOCK)), 0);
    this.#data = Buffer.alloc(size + block.paddingOf(size));
  }

  get header(): Buffer {
    return this.block;
  }

  get kind(): 'pax' | NameKey {
    const typeflag = String.fromCharCode(this.block[block.TYPEFLAG] as number);
    return NAME_KEYS.find((key) => LONG_NAMES[key] === typeflag) ?? 'pax';
  }

  get isComplete(): boolean {
    return this.#filled === this.#data.length;
  }

  /** The data without the padding. */
  get content(): Buffer {
    return this.#data.subarray(0, this.#size);
  }

  /** Copies the missing bytes from `chunk`; returns their number. */
  fill(chunk: Buffer, at: number): number {
    const step = chunk.copy(this.#data, this.#filled, at);
    this.#filled += step;
    return step;
  }

  /** Gives Sun's extended header the typeflag of POSIX. */
  makePosix(): void {
    if (this.block[block.TYPEFLAG] === block.PAX_SUN) this.write()[block.TYPEFLAG] = block.PAX;
  }

  /** Throws TAR_FIELD for an invalid number that no edit replaces. */
  checkNumbers(): void {
    readNumber(this.block, 0, block.MODE, "extended header's mode");
    readNumber(this.block, 0, block.MTIME, "extended header's mtime");
  }

  /** Throws TAR_FIELD for an invalid owner. */
  checkOwner(): void {
    readNumber(this.block, 0, block.UID, "extended header's uid");
    readNumber(this.block, 0, block.GID, "extended header's gid");
  }

  mapTime(change: (time: number) => number): void {
    const time = readNumber(this.block, 0, block.MTIME, 'extended header');
    this.writeNumber(block.MTIME, Math.floor(change(time)));
  }

  /** The blocks to write, with other data if given. */
  blocks(data?: Buffer): Buffer[] {
    if (data !== undefined) writeNumber(this.write(), 0, block.SIZE, data.length);
    this.seal();
    return data === undefined
      ? [this.block, this.#data]
      : [this.block, data, paddingAfter(data.length)];
  }
}

/** The GNU long names: for each, the PAX record with the same meaning, and its typeflag. */
const LONG_NAMES = { path: 'L', linkpath: 'K' } as const;
type NameKey = keyof typeof LONG_NAMES;
const NAME_KEYS = Object.keys(LONG_NAMES) as NameKey[];

/** All local metadata of one entry. */
export class Metadata {
  readonly #blocks: MetadataBlock[] = [];
  readonly longNames: Partial<Record<NameKey, Buffer>> = {};
  pax: PaxRecords | undefined;
  /** Whose data was set; the other data is written unchanged, including its padding. */
  readonly #dirty = new Set<'pax' | NameKey>();

  get isEmpty(): boolean {
    return this.#blocks.length === 0 && this.#dirty.size === 0;
  }

  /**
   * Adds a complete block. Throws TAR_PAX for malformed records, TAR_METADATA for a second one of its kind, TAR_FIELD
   * for an invalid number.
   */
  add(added: MetadataBlock): void {
    added.checkNumbers();
    const { kind, content } = added;
    if (kind === 'pax') {
      if (this.pax !== undefined) throw repeated('PAX header');
      this.pax = PaxRecords.parse(content);
    } else {
      if (this.longNames[kind] !== undefined) throw repeated(titleOf(kind));
      const nul = content.indexOf(0);
      this.longNames[kind] = nul < 0 ? content : content.subarray(0, nul);
    }
    this.#blocks.push(added);
  }

  /**
   * Refuses names that readers disagree about: Go prefers a GNU long name where others prefer PAX, and uses
   * GNU.sparse.name only if a map says that the file is sparse. Throws TAR_METADATA and TAR_NAME.
   * @param inHeader returns the header's own name
   */
  checkNames(inHeader: () => Buffer): void {
    const { pax } = this;
    if (pax === undefined) return;
    for (const key of NAME_KEYS) {
      const [record, long] = [pax.get(key), this.longNames[key]];
      // An empty record only cancels another one.
      if (record !== undefined && record.length > 0 && long?.equals(record) === false)
        throw disagree(key, titleOf(key));
    }
    if (NAME_KEYS.some((key) => pax.get(key)?.includes(0)))
      throw new DockerceptionError('context', 'TAR_NAME', 'a name in PAX has a NUL in it');
    const sparse = pax.get('GNU.sparse.name');
    if (sparse === undefined) return;
    const shown = pax.get('path') ?? this.longNames.path ?? inHeader();
    const hasMap = ['GNU.sparse.major', 'GNU.sparse.map'].some((key) => pax.get(key));
    if (!hasMap || leadsOutside(shown, sparse)) throw disagree('GNU.sparse.name', 'name');
  }

  setRecord(key: string, value: Buffer): void {
    this.pax ??= PaxRecords.empty();
    this.changeRecords((records) => records.set(key, value));
  }

  /** Changes the PAX records, if any. */
  changeRecords(change: (records: PaxRecords) => void): void {
    if (this.pax === undefined) return;
    change(this.pax);
    if (this.pax.changed) this.#dirty.add('pax');
  }

  setLongName(key: NameKey, name: Buffer): void {
    if (this.longNames[key]?.equals(name) !== true) this.#dirty.add(key);
    this.longNames[key] = name;
  }

  /** Calls `change` for each block, to edit its own header. */
  changeHeaders(change: (block: MetadataBlock) => void): void {
    for (const part of this.#blocks) change(part);
  }

  /** The blocks to write. `mtime` dates a block that is new. */
  serialize(mtime: number): Buffer[] {
    const added = new Set(this.#dirty);
    const blocks = this.#blocks.flatMap((part) => {
      added.delete(part.kind);
      if (!this.#dirty.has(part.kind)) return part.blocks();
      const data = this.#data(part.kind);
      return data === undefined ? [] : part.blocks(data);
    });
    for (const kind of added) {
      const data = this.#data(kind);
      const typeflag = kind === 'pax' ? 'x' : LONG_NAMES[kind];
      if (data !== undefined) blocks.push(metadataEntry(typeflag, data, mtime));
    }
    return blocks;
  }

  /** The data of a kind; undefined if no record is left. */
  #data(kind: 'pax' | NameKey): Buffer | undefined {
    if (kind === 'pax') return this.pax?.isEmpty === false ? this.pax.serialize() : undefined;
    return Buffer.concat([this.longNames[kind] as Buffer, Buffer.alloc(1)]);
  }
}

function titleOf(key: NameKey): string {
  return key === 'path' ? 'GNU long name' : 'GNU long link';
}

/** Whether the name beside a sparse file's own one leads outside where its own doesn't. */
function leadsOutside(shown: Buffer, name: Buffer): boolean {
  const climbs = shown.includes('..') && shown.toString('latin1').split('/').includes('..');
  return climbs || (shown[0] === 0x2f && name[0] !== 0x2f);
}

export function metadataError(message: string): DockerceptionError {
  return new DockerceptionError('context', 'TAR_METADATA', message);
}

function disagree(record: string, other: string): DockerceptionError {
  return metadataError(`its PAX record '${record}' and its ${other} disagree`);
}

function repeated(what: string): DockerceptionError {
  return metadataError(`a second ${what} for the same entry`);
}
