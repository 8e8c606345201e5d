/**
 * The walk over a tar stream: chunks of any size in, the same bytes out, but for the headers that
 * an edit changed and the entries it dropped. Headers are edited where they lie, bodies pass by;
 * there is no object and no stream per entry. The end-of-archive is not passed on: whoever owns
 * the output writes one when everything is known to be good.
 * POSIX.1-2017 pax, "ustar Interchange Format"; a PAX size governs the entry's own body alone.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import * as block from './block.js';
import { BLOCK } from './block.js';
import { verifiedSum } from './checksum.js';
import { ChunkWindow } from './chunk-window.js';
import { TarEntry } from './entry.js';
import { passGlobal } from './global.js';
import { Metadata } from './metadata.js';
import { MetadataBlock } from './metadata-block.js';
import { PaxRecords } from './pax.js';
import { SparseContent } from './sparse-content.js';
import { continueOldMap, type SparseMap } from './sparse-map.js';
import { rewriteOldSparse } from './sparse-rewrite.js';
import { type Trailing, TrailingBytes } from './trailing.js';
import { GNU_SPARSE, isMetadata, PAX_GLOBAL } from './typeflag.js';
import { inEntry, inSparseEntry, loneZero, notAHeader, truncated } from './walk-errors.js';
import type { Ending, WalkHandler } from './walk-handler.js';

export type { Ending, WalkHandler } from './walk-handler.js';

/** The content of a sparse file that is validated alone. */
const NOWHERE = { data: (): void => undefined, hole: (): void => undefined };

type State = 'header' | 'metadata' | 'sparse-map' | 'body' | 'padding' | 'zero' | 'end';

export class TarWalk {
  readonly #handler: WalkHandler;
  readonly #window: ChunkWindow;
  readonly #entry = new TarEntry(() => this.#window.writable());
  #state: State = 'header';
  /** Where `push` has ended: at the chunk's end, or at what it threw for. */
  #stopped = 0;
  /** Bytes before the chunk. */
  #offset = 0;
  /** An old GNU sparse file whose map is still being read. */
  #sparseHeader: Buffer | undefined;
  #sparseMap: SparseMap | undefined;
  /** Follows the body of a sparse file. */
  #content: SparseContent | undefined;
  /** Local metadata in front of the next header, and the part that is being read. */
  #metadata = new Metadata();
  #lead = -1;
  #reading: MetadataBlock | undefined;
  readonly #globals = PaxRecords.empty();
  /** The body at hand: bytes left of it, its padding, and whether it is passed on. */
  #remaining = 0;
  #padding = 0;
  #keep = true;
  #name = '';
  #entries = 0;
  readonly #trailing = new TrailingBytes();

  /** `source` is what an error message calls the stream. */
  constructor(
    handler: WalkHandler,
    private readonly source = 'the tar',
  ) {
    this.#handler = handler;
    this.#window = new ChunkWindow(handler);
  }

  /** Entries seen, dropped ones among them. */
  get entries(): number {
    return this.#entries;
  }

  /** Bytes read. */
  get offset(): number {
    return this.#offset;
  }

  /** What stood behind the end-of-archive, if anything but zeros did. */
  get trailing(): Trailing | undefined {
    return this.#trailing.found;
  }

  /**
   * Reads the next chunk. `owned` allows edits to be written into it; otherwise it is copied
   * first. Throws a `DockerceptionError` of kind context when it isn't a tar.
   */
  push(chunk: Buffer, owned: boolean): void {
    const window = this.#window;
    window.begin(chunk, owned);
    const end = chunk.length;
    let at = 0;
    try {
      while (at < end) {
        switch (this.#state) {
          case 'body':
          case 'padding':
            at = this.#pass(at);
            break;
          case 'metadata':
            at = this.#collect(at);
            break;
          case 'end':
            window.leaveOut(at, end);
            this.#trailing.note(chunk, at);
            at = end;
            break;
          default:
            at = this.#block(at);
        }
      }
    } finally {
      this.#stopped = at;
    }
    window.flush(end);
    this.#offset += end;
  }

  /**
   * The stream is over. Throws TAR_TRUNCATED when it ended inside of something, and says in what;
   * otherwise tells whether an end-of-archive was there.
   */
  end(): Ending {
    const { carried } = this.#window;
    switch (this.#state) {
      case 'end':
        return 'complete';
      case 'zero':
        if (carried > 0) throw truncated(this.source, 'in the end-of-archive');
        return 'unterminated';
      case 'body':
        throw truncated(
          this.source,
          `in the body of ${this.#name}, ${this.#remaining} bytes short`,
        );
      case 'padding':
        throw truncated(this.source, `in the padding behind ${this.#name}`);
      case 'sparse-map':
        throw truncated(this.source, `in the sparse map of ${this.#name}`);
      case 'metadata':
        throw truncated(this.source, 'in an extended header');
      case 'header':
        if (carried > 0) throw truncated(this.source, `in a header, ${carried} of 512 bytes`);
        if (!this.#metadata.isEmpty) throw truncated(this.source, 'behind an extended header');
        return 'unterminated';
    }
  }

  /**
   * Ends the output before the stream's end, for instance after `push` has thrown: passes on what is
   * kept of the chunk up to there. Returns how many bytes of padding the output lacks until a header
   * could follow; `undefined` where it ends inside an entry.
   */
  abandon(): number | undefined {
    this.#window.flush(this.#stopped);
    // A sparse file that is rewritten leaves only when its map is known.
    const isMapInOutput = this.#state === 'sparse-map' && this.#handler.portable !== true;
    const isInside = this.#state === 'body' || isMapInOutput;
    if (this.#keep && isInside) return undefined;
    return this.#keep && this.#state === 'padding' ? this.#remaining : 0;
  }

  #pass(at: number): number {
    const { chunk } = this.#window;
    const next = Math.min(at + this.#remaining, chunk.length);
    if (this.#state === 'padding') {
      if (this.#remaining === this.#padding && chunk[at] !== 0) this.#handler.oddPadding?.();
    } else if (this.#keep) {
      this.#handler.body?.(chunk.subarray(at, next));
      const content = this.#content;
      if (content !== undefined)
        inSparseEntry(this.#name, () => content.body(chunk.subarray(at, next)));
    }
    if (!this.#keep) this.#window.leaveOut(at, next);
    this.#remaining -= next - at;
    if (this.#remaining === 0) this.#afterBody();
    return next;
  }

  #afterBody(): void {
    if (this.#state === 'body' && this.#padding > 0) {
      this.#state = 'padding';
      this.#remaining = this.#padding;
    } else {
      this.#state = 'header';
    }
  }

  /** Reads one block that matters: a header, a sparse map's continuation, a zero block. */
  #block(at: number): number {
    const window = this.#window;
    if (window.hasBlock(at)) {
      this.#take(window.chunk, at, at);
      return at + BLOCK;
    }
    const { next, block: whole } = window.carry(at);
    // Its bytes count as read: an error tells where the block began.
    if (whole !== undefined) this.#take(whole, 0, next - BLOCK);
    return next;
  }

  /** `at` is where the block begins, counted from the chunk's first byte; `from`, in `buffer`. */
  #take(buffer: Buffer, from: number, at: number): void {
    if (this.#sparseHeader !== undefined) {
      this.#continueMap(this.#sparseHeader, buffer, from);
      return;
    }
    if (this.#state === 'sparse-map') {
      this.#window.pass(buffer, from, this.#keep);
      if (this.#keep) this.#handler.sparseBlock?.(buffer.subarray(from, from + BLOCK));
      if (buffer[from + block.GNU_SPARSE_CONTINUED] === 0) this.#startBody();
      return;
    }
    if (block.isZeroBlock(buffer, from)) {
      this.#window.pass(buffer, from, false);
      if (!this.#metadata.isEmpty) throw truncated(this.source, 'behind an extended header');
      this.#state = this.#state === 'zero' ? 'end' : 'zero';
      return;
    }
    const offset = this.#offset + at;
    if (this.#state === 'zero') throw loneZero(this.source, offset);
    if (verifiedSum(buffer, from) < 0) {
      this.#handler.badHeader?.(buffer.subarray(from, from + BLOCK));
      throw notAHeader(this.source, offset);
    }
    try {
      this.#takeHeader(buffer, from);
    } catch (error) {
      throw inEntry(error, buffer, from, offset, this.#metadata);
    }
  }

  #takeHeader(buffer: Buffer, from: number): void {
    const flag = buffer[from + block.TYPEFLAG] as number;
    if (isMetadata(flag)) this.#startMetadata(buffer, from, flag);
    else this.#takeEntry(buffer, from, flag);
  }

  #startMetadata(buffer: Buffer, from: number, flag: number): void {
    const reading = new MetadataBlock(buffer, from);
    if (flag === PAX_GLOBAL && !this.#metadata.isEmpty) {
      const message = 'a global PAX header between an extended header and its entry';
      throw new DockerceptionError('context', 'TAR_METADATA', message);
    }
    this.#window.pass(buffer, from, false);
    this.#reading = reading;
    if (this.#lead < 0) this.#lead = flag;
    if (reading.isComplete) this.#endMetadata(reading);
    else this.#state = 'metadata';
  }

  #collect(at: number): number {
    const reading = this.#reading as MetadataBlock;
    const next = at + reading.fill(this.#window.chunk, at);
    this.#window.leaveOut(at, next);
    if (reading.isComplete) {
      try {
        this.#endMetadata(reading);
      } catch (error) {
        const offset = this.#offset + next - reading.data.length - BLOCK;
        throw inEntry(error, reading.header, 0, offset, this.#metadata);
      }
    }
    return next;
  }

  #endMetadata(reading: MetadataBlock): void {
    this.#state = 'header';
    if (reading.typeflag !== PAX_GLOBAL) {
      if (this.#handler.portable === true) reading.makePosix();
      this.#metadata.add(reading.header, reading.data, reading.size);
      return;
    }
    this.#lead = -1;
    passGlobal(reading, this.#globals, this.#handler);
  }

  #takeEntry(buffer: Buffer, from: number, flag: number): void {
    if (this.#lead < 0) this.#lead = flag;
    this.#entry.bind(buffer, from, this.#metadata, this.#globals);
    this.#entries++;
    if (flag === GNU_SPARSE && this.#handler.portable === true) this.#holdSparse(buffer, from);
    else this.#passEntry(buffer, from, flag);
  }

  /** Keeps the header of an old GNU sparse file until all of its map is known. */
  #holdSparse(buffer: Buffer, from: number): void {
    const header = Buffer.from(buffer.subarray(from, from + BLOCK));
    this.#window.pass(buffer, from, false);
    const map = this.#entry.sparse as SparseMap;
    this.#sparseMap = map;
    if (map.rest === 'none') {
      this.#passRewritten(header);
      return;
    }
    this.#name = printable(this.#entry.pathBytes);
    this.#sparseHeader = header;
    this.#state = 'sparse-map';
  }

  #continueMap(header: Buffer, buffer: Buffer, from: number): void {
    this.#window.pass(buffer, from, false);
    try {
      if (continueOldMap(this.#sparseMap as SparseMap, buffer, from)) return;
      this.#sparseHeader = undefined;
      this.#passRewritten(header);
    } catch (error) {
      throw inEntry(error, header, 0, this.#offset, this.#metadata);
    }
  }

  /** Passes on a sparse file whose header is rewritten; its body is the same in both forms. */
  #passRewritten(header: Buffer): void {
    rewriteOldSparse(header, this.#sparseMap as SparseMap, this.#entry.size, this.#metadata);
    this.#sparseMap = undefined;
    this.#window.takeBlock(header);
    this.#entry.bind(header, 0, this.#metadata, this.#globals);
    this.#passEntry(header, 0, header[block.TYPEFLAG] as number);
  }

  #passEntry(buffer: Buffer, from: number, flag: number): void {
    const entry = this.#entry;
    const { size } = entry;
    this.#content = undefined;
    if (this.#handler.portable === true) this.#makePortable(entry, buffer, from);
    this.#keep = this.#handler.entry(entry, this.#lead) !== 'drop';
    this.#name = '';
    if (this.#keep) {
      entry.checkOwner();
      this.#writeEntry(entry, buffer, from);
    } else {
      this.#window.pass(buffer, from, false);
    }
    this.#remaining = size;
    this.#padding = block.paddingOf(size);
    // A name for the error only where the body goes on beyond this chunk: most don't.
    if (size > 0) this.#name = this.#nameAhead(entry, size, from);
    // Its type has no body any more.
    if (entry.size !== size) this.#keep = false;
    if (!this.#metadata.isEmpty) this.#metadata = new Metadata();
    this.#lead = -1;
    if (flag === GNU_SPARSE && buffer[from + block.GNU_SPARSE_EXTENDED] !== 0) {
      this.#name = printable(entry.pathBytes);
      this.#state = 'sparse-map';
    } else {
      this.#startBody();
    }
  }

  /** What readers disagree about is written in a way that all of them read, or refused. */
  #makePortable(entry: TarEntry, buffer: Buffer, from: number): void {
    if (block.fillsStarPrefix(buffer, from)) {
      const name = entry.pathBytes;
      entry.pathBytes = name;
    }
    if (!entry.hasMetadata || !entry.isSparse) return;
    this.#content = new SparseContent(entry.sparse as SparseMap, entry.size, NOWHERE);
    this.#content.begin();
  }

  #nameAhead(entry: TarEntry, size: number, from: number): string {
    if (this.#content !== undefined) return printable(entry.pathBytes);
    return this.#window.behind(from) < size + this.#padding ? printable(entry.pathBytes) : '';
  }

  #startBody(): void {
    this.#state = 'body';
    if (this.#remaining === 0) this.#afterBody();
  }

  #writeEntry(entry: TarEntry, buffer: Buffer, from: number): void {
    if (this.#handler.bytes === undefined) return;
    entry.seal();
    if (!this.#metadata.isEmpty) {
      const blocks = this.#metadata.serialize(Math.max(0, Math.floor(entry.mtime)));
      this.#window.insert(Buffer.concat(blocks), from);
    }
    this.#window.pass(buffer, from, true);
  }
}
