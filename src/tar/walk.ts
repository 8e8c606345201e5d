/**
 * The walk over a tar stream. It reads chunks of any size and writes the same bytes, except for the headers that an
 * edit changes and the entries that it drops; or it only reads, and reports the content of each entry. Headers are
 * edited in place and bodies are forwarded without a copy: there is no object and no stream per entry. The
 * end-of-archive is not written: the owner of the output does so when the input is known to be complete.
 * POSIX.1-2017 pax, "ustar Interchange Format"; a PAX size governs the entry's own body alone.
 */
import { printable } from '../text/printable.js';
import * as block from './block.js';
import { BLOCK } from './block.js';
import { ChunkWindow } from './chunk-window.js';
import { verifiedSum } from './header-fields.js';
import { HeaderReader } from './header-reader.js';
import { type PlainEdit, PlainEntries } from './plain-entries.js';
import { SparseContent } from './sparse-content.js';
import { continueOldMap, type SparseMap } from './sparse-map.js';
import type { Ending, State, Trailing, WalkHandler } from './walk-handler.js';
import * as report from './walk-handler.js';

export class TarWalk {
  readonly #handler: WalkHandler;
  readonly #source: string;
  readonly #window: ChunkWindow;
  readonly #headers: HeaderReader;
  readonly #plain: PlainEntries;
  #state: State = 'header';
  /** Where `push` stopped: at the end of the chunk, or where it threw. */
  #stopped = 0;
  /** Bytes before the chunk. */
  #offset = 0;
  /** The header of an old GNU sparse file that is converted, until its map is complete. */
  #converted: { readonly header: Buffer; readonly map: SparseMap } | undefined;
  /** The content of a sparse file. */
  #content: SparseContent | undefined;
  /** The current body: remaining bytes, its padding, and whether it is kept. */
  #remaining = 0;
  #padding = 0;
  #keep = true;
  /** Whether it is a plain entry's, which isn't reported. */
  #isPlain = false;
  /** The entry's name for an error. */
  #name = '';
  #entries = 0;
  #trailing: Trailing | undefined;

  /** @param source the name of the stream in error messages */
  constructor(handler: WalkHandler, source = 'the tar') {
    this.#handler = handler;
    this.#source = source;
    this.#window = new ChunkWindow(handler);
    this.#headers = new HeaderReader(this.#window, handler);
    this.#plain = new PlainEntries(this.#window, handler.plainFiles);
  }

  /** The number of entries so far, including dropped ones. */
  get entries(): number {
    return this.#entries + this.#plain.count;
  }

  /** Bytes read. */
  get offset(): number {
    return this.#offset;
  }

  /** The data after the end-of-archive, unless it is all zeros. */
  get trailing(): Trailing | undefined {
    return this.#trailing;
  }

  /**
   * Reads the next chunk.
   * @param owned whether edits may be written into it; otherwise it is copied first
   * @throws DockerceptionError of kind context for a malformed tar; what the handler throws
   */
  push(chunk: Buffer, owned = false): void {
    const window = this.#window;
    window.begin(chunk, owned);
    const end = chunk.length;
    let at = 0;
    try {
      while (at < end) {
        switch (this.#state) {
          case 'body':
          case 'padding':
            at = this.#readBody(at);
            break;
          case 'metadata':
            at = this.#readMetadata(at);
            break;
          case 'end':
            window.leaveOut(at, end);
            this.#trailing = report.addTrailing(this.#trailing, chunk, at);
            at = end;
            break;
          default:
            at = this.#readBlock(at);
        }
      }
    } finally {
      this.#stopped = at;
    }
    window.flush(end);
    this.#offset += end;
  }

  /**
   * Ends the stream. Returns whether it had an end-of-archive.
   * @throws DockerceptionError TAR_TRUNCATED, with the place
   */
  end(): Ending {
    const [name, remaining] = [this.#name, this.#remaining];
    const { carried } = this.#window;
    const where = report.placeOf(this.#state, name, remaining, carried, this.#headers.pending);
    if (where !== undefined) throw report.truncated(this.#source, where);
    return this.#state === 'end' ? 'complete' : 'unterminated';
  }

  /**
   * Ends the output early, for instance after `push` has thrown, with the kept bytes before that place.
   * Returns the bytes of padding that are missing before a header could follow; `undefined` inside an entry.
   */
  abandon(): number | undefined {
    this.#window.flush(this.#stopped);
    // A converted sparse file is written when its map is complete.
    const isMapInOutput = this.#state === 'sparse-map' && this.#handler.portable !== true;
    if (this.#keep && (this.#state === 'body' || isMapInOutput)) return undefined;
    return this.#keep && this.#state === 'padding' ? this.#remaining : 0;
  }

  #readBody(at: number): number {
    const { chunk } = this.#window;
    const next = Math.min(at + this.#remaining, chunk.length);
    if (this.#state === 'padding') {
      if (this.#remaining === this.#padding && chunk[at] !== 0) this.#handler.oddPadding?.();
    } else if (this.#isPlain) this.#handler.plainFiles?.body(chunk.subarray(at, next));
    else if (this.#keep) {
      const content = this.#content;
      if (content === undefined) this.#handler.data?.(chunk.subarray(at, next));
      else report.inSparseEntry(this.#name, () => content.body(chunk.subarray(at, next)));
    }
    if (!this.#keep) this.#window.leaveOut(at, next);
    this.#remaining -= next - at;
    if (this.#remaining === 0) this.#endBody();
    return next;
  }

  #startBody(): void {
    this.#state = 'body';
    if (this.#remaining === 0) this.#endBody();
  }

  #endBody(): void {
    const isPadded = this.#state === 'body' && this.#padding > 0;
    this.#state = isPadded ? 'padding' : 'header';
    if (isPadded) this.#remaining = this.#padding;
  }

  #readMetadata(at: number): number {
    const { next, isComplete } = this.#headers.fill(at);
    if (isComplete) this.#state = 'header';
    return next;
  }

  /** Reads a block that isn't content: a header, a part of a sparse map, a zero block. */
  #readBlock(at: number): number {
    const window = this.#window;
    const edit = this.#plainEdit;
    if (window.hasBlock(at)) {
      const plain = edit === undefined ? at : this.#plain.pass(at, edit);
      if (plain === at) this.#takeBlock(window.chunk, at, this.#offset + at);
      else if (this.#plain.body >= 0)
        this.#startPlain(window.chunk, plain - BLOCK, this.#plain.body);
      return plain === at ? at + BLOCK : plain;
    }
    const { next, block: whole } = window.carry(at);
    if (whole === undefined) return next;
    const size = edit === undefined ? -1 : this.#plain.take(whole, 0, edit);
    // Its bytes count as read: an error reports where the block began.
    if (size < 0) this.#takeBlock(whole, 0, this.#offset + next - BLOCK);
    else this.#startPlain(whole, 0, size);
    return next;
  }

  /** What to do with the next header if it is that of a plain entry; undefined if the handler wants to see it. */
  get #plainEdit(): PlainEdit | undefined {
    const isHeader = this.#state === 'header' && !this.#headers.isInherited;
    return isHeader ? this.#handler.plain?.() : undefined;
  }

  #startPlain(buffer: Buffer, from: number, size: number): void {
    this.#window.pass(buffer, from, true);
    this.#keep = this.#isPlain = true;
    this.#content = undefined;
    this.#remaining = size;
    this.#padding = block.paddingOf(size);
    this.#name = printable(block.textField(buffer, from, block.NAME));
    this.#startBody();
  }

  /** @param offset where the block begins in the stream */
  #takeBlock(buffer: Buffer, from: number, offset: number): void {
    if (this.#state === 'sparse-map') return this.#takeMapBlock(buffer, from);
    if (block.isZeroBlock(buffer, from)) {
      this.#window.pass(buffer, from, false);
      const { pending } = this.#headers;
      if (pending !== undefined) throw report.truncated(this.#source, pending);
      this.#state = this.#state === 'zero' ? 'end' : 'zero';
      return;
    }
    if (this.#state === 'zero') throw report.loneZero(this.#source, offset);
    const sum = verifiedSum(buffer, from);
    if (sum < 0) {
      this.#handler.badHeader?.(buffer.subarray(from, from + BLOCK));
      throw report.notAHeader(this.#source, offset);
    }
    try {
      const flag = buffer[from + block.TYPEFLAG] as number;
      if (!block.isMetadata(flag)) this.#takeEntry(buffer, from, flag, sum);
      else if (!this.#headers.begin(buffer, from, flag, offset)) this.#state = 'metadata';
    } catch (error) {
      throw this.#headers.within(error, buffer, from, offset);
    }
  }

  #takeEntry(buffer: Buffer, from: number, flag: number, sum: number): void {
    this.#headers.read(buffer, from, flag, sum);
    this.#entries++;
    if (flag !== block.GNU_SPARSE || this.#handler.portable !== true)
      return this.#passEntry(buffer, from, flag);
    const { entry } = this.#headers;
    const map = entry.sparse as SparseMap;
    this.#converted = { header: Buffer.from(buffer.subarray(from, from + BLOCK)), map };
    this.#window.pass(buffer, from, false);
    this.#name = printable(entry.pathBytes);
    if (map.rest === 'none') this.#passConverted();
    else this.#state = 'sparse-map';
  }

  #takeMapBlock(buffer: Buffer, from: number): void {
    const converted = this.#converted;
    this.#window.pass(buffer, from, converted === undefined && this.#keep);
    if (converted === undefined) {
      const content = this.#keep ? this.#content : undefined;
      report.inSparseEntry(this.#name, () =>
        content?.mapBlock(buffer.subarray(from, from + BLOCK)),
      );
      if (buffer[from + block.GNU_SPARSE_CONTINUED] === 0) this.#startBody();
      return;
    }
    try {
      if (!continueOldMap(converted.map, buffer, from)) this.#passConverted();
    } catch (error) {
      throw this.#headers.within(error, converted.header, 0, this.#offset);
    }
  }

  /** Passes a sparse file on with a converted header; the body is the same in both forms. */
  #passConverted(): void {
    const { header, map } = this.#converted as { header: Buffer; map: SparseMap };
    this.#converted = undefined;
    this.#headers.convertSparse(header, map);
    this.#window.takeBlock(header);
    this.#passEntry(header, 0, header[block.TYPEFLAG] as number);
  }

  #passEntry(buffer: Buffer, from: number, flag: number): void {
    const handler = this.#handler;
    const headers = this.#headers;
    const { entry } = headers;
    const { size } = entry;
    if (handler.portable === true && block.fillsStarPrefix(buffer, from)) {
      // Written again, the name is in a form that all readers agree about.
      const { pathBytes } = entry;
      entry.pathBytes = pathBytes;
    }
    const readsSparse = handler.portable === true || handler.hole !== undefined;
    const sparse = readsSparse ? entry.sparse : undefined;
    this.#content = sparse && new SparseContent(sparse, size, handler);
    this.#keep = handler.entry(entry, headers.lead) !== 'drop';
    if (this.#keep) {
      entry.checkOwner();
      if (handler.plain && !entry.hasMetadata) this.#plain.see(buffer, from);
      if (handler.bytes !== undefined) headers.write(buffer, from);
    } else this.#window.pass(buffer, from, false);
    this.#isPlain = false;
    this.#remaining = size;
    this.#padding = block.paddingOf(size);
    const hasMap = flag === block.GNU_SPARSE && buffer[from + block.GNU_SPARSE_EXTENDED] !== 0;
    // Most bodies end in this chunk: no error needs their names.
    const endsHere = size === 0 || this.#window.after(from) >= size + this.#padding;
    const needsName = hasMap || sparse !== undefined || !endsHere;
    this.#name = needsName ? printable(entry.pathBytes) : '';
    if (this.#keep) this.#content?.begin();
    // An edit has set a type without a body.
    if (entry.size !== size) this.#keep = false;
    headers.reset();
    if (hasMap) this.#state = 'sparse-map';
    else this.#startBody();
  }
}
