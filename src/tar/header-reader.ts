/**
 * Reads the headers of one entry after the other: the extended headers (PAX, GNU long names), then the header itself.
 * Extended headers are held until the header follows, because an edit may change both.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import { NAME, PAX_GLOBAL, textField, TYPEFLAG } from './block.js';
import type { ChunkWindow } from './chunk-window.js';
import { TarEntry } from './entry.js';
import { GlobalHeader } from './global-header.js';
import { Metadata, MetadataBlock, metadataError } from './metadata.js';
import { PaxRecords } from './pax.js';
import { convertOldSparse, type SparseMap } from './sparse-map.js';
import type { WalkHandler } from './walk-handler.js';

export class HeaderReader {
  readonly entry = new TarEntry(() => this.window.writable());
  /** The typeflag of the first block of the entry; -1 before it. */
  lead = -1;
  readonly #globals = PaxRecords.empty();
  #metadata = new Metadata();
  /** The extended header that is being read, and where it begins in the stream. */
  #reading: MetadataBlock | undefined;
  #offset = 0;

  constructor(
    private readonly window: ChunkWindow,
    private readonly handler: WalkHandler,
  ) {}

  /** Whether extended headers precede the next header. */
  get hasMetadata(): boolean {
    return !this.#metadata.isEmpty;
  }

  /** The place where a stream is cut that ends before the next header; undefined if it may. */
  get pending(): string | undefined {
    return this.hasMetadata ? 'after an extended header' : undefined;
  }

  /** Whether extended headers, global ones included, apply to the next header. */
  get isInherited(): boolean {
    return this.hasMetadata || !this.#globals.isEmpty;
  }

  /** Begins an extended header. Returns whether it is complete. Throws TAR_METADATA and as `fill`. */
  begin(buffer: Buffer, from: number, flag: number, offset: number): boolean {
    const reading = new MetadataBlock(buffer, from);
    if (flag === PAX_GLOBAL && this.hasMetadata)
      throw metadataError('a global PAX header between an extended header and its entry');
    this.window.pass(buffer, from, false);
    this.#reading = reading;
    this.#offset = offset;
    if (this.lead < 0) this.lead = flag;
    return this.#finish(reading);
  }

  /**
   * Continues an extended header with the chunk from `at` on. Returns where it stopped.
   * @throws DockerceptionError of kind context for malformed metadata; what the handler throws
   */
  fill(at: number): { readonly next: number; readonly isComplete: boolean } {
    const reading = this.#reading as MetadataBlock;
    const next = at + reading.fill(this.window.chunk, at);
    this.window.leaveOut(at, next);
    return { next, isComplete: this.#finish(reading) };
  }

  #finish(reading: MetadataBlock): boolean {
    if (!reading.isComplete) return false;
    try {
      if (reading.header[TYPEFLAG] === PAX_GLOBAL) this.#passGlobal(new GlobalHeader(reading));
      else {
        if (this.handler.portable === true) reading.makePosix();
        this.#metadata.add(reading);
      }
    } catch (error) {
      throw this.within(error, reading.header, 0, this.#offset);
    }
    return true;
  }

  #passGlobal(header: GlobalHeader): void {
    this.lead = -1;
    this.handler.global?.(header);
    header.checkOwner();
    for (const bytes of header.serialize()) this.handler.bytes?.(bytes);
    header.addTo(this.#globals);
  }

  /** Reads the header at `from`, as {@link TarEntry.bind} does. */
  read(buffer: Buffer, from: number, flag: number, sum: number): void {
    if (this.lead < 0) this.lead = flag;
    this.entry.bind(buffer, from, this.#metadata, this.#globals, sum);
  }

  /** Converts the header of an old GNU sparse file in place. Throws TAR_SPARSE. */
  convertSparse(header: Buffer, map: SparseMap): void {
    convertOldSparse(header, map, this.entry.size, this.#metadata);
    this.entry.bind(header, 0, this.#metadata, this.#globals);
  }

  /** Writes all headers of the entry as edited. */
  write(buffer: Buffer, from: number): void {
    this.entry.seal();
    if (this.hasMetadata) {
      const blocks = this.#metadata.serialize(Math.max(0, Math.floor(this.entry.mtime)));
      this.window.insert(Buffer.concat(blocks), from);
    }
    this.window.pass(buffer, from, true);
  }

  /** Ends the entry. */
  reset(): void {
    if (this.hasMetadata) this.#metadata = new Metadata();
    this.lead = -1;
  }

  /** Adds the entry's name, and the place of its header, to an error that has no place yet. */
  within(error: unknown, buffer: Buffer, from: number, offset: number): unknown {
    if (!(error instanceof DockerceptionError) || !['context', 'usage'].includes(error.kind))
      return error;
    if (error.message.startsWith('reading ')) return error;
    const { pax, longNames } = this.#metadata;
    const field = pax?.get('GNU.sparse.name') ?? pax?.get('path') ?? longNames.path;
    const name = printable(field ?? textField(buffer, from, NAME));
    return error.within(`reading entry ${name || 'without a name'} at byte ${offset}`);
  }
}
