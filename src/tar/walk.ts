/**
 * The walk over a tar stream: chunks of any size in, the same bytes out, but for the headers that
 * an edit changed and the entries it dropped. Headers are edited where they lie, bodies pass by;
 * there is no object and no stream per entry. The end-of-archive is not passed on: whoever owns
 * the output writes one when everything is known to be good.
 * POSIX.1-2017 pax, "ustar Interchange Format"; a PAX size governs the entry's own body alone.
 */
import { DockerceptionError } from '../errors.js';
import * as block from './block.js';
import { BLOCK } from './block.js';
import { sumOf, verifiedSum, writeChecksum } from './checksum.js';
import { TarEntry } from './entry.js';
import { GlobalHeader, INHERITED } from './global.js';
import { Metadata } from './metadata.js';
import { MetadataBlock } from './metadata-block.js';
import { PaxRecords } from './pax.js';
import { printable } from './printable.js';
import { SparseContent } from './sparse-content.js';
import type { SparseMap } from './sparse-map.js';
import { continueOldMap } from './sparse-old.js';
import { rewriteOldSparse } from './sparse-rewrite.js';
import { TrailingBytes, type Trailing } from './trailing.js';
import { GNU_SPARSE, isMetadata, PAX, PAX_GLOBAL, PAX_SUN } from './typeflag.js';
import type { ViewedEntry } from './viewed-entry.js';

/** What the walk reports. Entries and headers are valid during the call only. */
export interface WalkHandler {
  /**
   * Whether forms that Go's archive/tar doesn't unpack leave in one that it does: old GNU sparse files
   * as PAX 0.1, Sun's extended headers as POSIX ones. Sparse maps are validated then. @default false
   */
  readonly portable?: boolean;
  /**
   * An entry's headers are complete. `lead` is the typeflag of its first block (`x`, `L`, …, or
   * its own). What is set on `entry` leaves so; `'drop'` leaves the entry out.
   */
  entry(entry: ViewedEntry, lead: number): void | 'drop';
  /** A global PAX header. */
  global(header: GlobalHeader): void;
  /**
   * The next bytes of the output; without it, there is none. They stay valid and unchanged as long as
   * the chunk of the {@link TarWalk.push} at hand.
   */
  bytes?(bytes: Buffer): void;
  /** The next bytes of the body of an entry that stays, without its padding; part of the chunk. */
  body?(bytes: Buffer): void;
  /** A block that continues old GNU's sparse map, of an entry that stays; valid during the call only. */
  sparseBlock?(block: Buffer): void;
  /** A body is followed by padding that isn't zeros: legal, but also what CRLF damage looks like. */
  oddPadding?(): void;
  /** A block that should be a header has a wrong checksum. What it throws takes the place of that error. */
  badHeader?(block: Buffer): void;
}

/** The content of a sparse file that is validated alone. */
const NOWHERE = { data: (): void => undefined, hole: (): void => undefined };

type State = 'header' | 'metadata' | 'sparse-map' | 'body' | 'padding' | 'zero' | 'end';

/** Where a stream may end without its end-of-archive. */
export type Ending = 'complete' | 'unterminated';

export class TarWalk {
  readonly #handler: WalkHandler;
  readonly #entry = new TarEntry(() => this.#writableHeader());
  #state: State = 'header';
  /** The chunk at hand, where the bytes to pass on begin in it, and whether it may be written to. */
  #chunk: Buffer = Buffer.alloc(0);
  #span = 0;
  /** Where `push` has ended: at the chunk's end, or at what it threw for. */
  #stopped = 0;
  #owned = false;
  /** Bytes before the chunk. */
  #offset = 0;
  /** A block that the chunks have cut in pieces; a new one each time, since the last may be in the output. */
  #carry = Buffer.alloc(0);
  #carried = 0;
  #headerInChunk = false;
  /** The header at hand when it isn't in the chunk. */
  #header: Buffer = this.#carry;
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
   * first. Throws a {@link DockerceptionError} of kind context when it isn't a tar.
   */
  push(chunk: Buffer, owned: boolean): void {
    this.#chunk = chunk;
    this.#owned = owned;
    this.#span = 0;
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
            this.#flush(at);
            this.#trailing.note(this.#chunk, at);
            this.#span = at = end;
            break;
          default:
            at = this.#block(at);
        }
      }
    } finally {
      this.#stopped = at;
    }
    this.#flush(end);
    this.#offset += end;
  }

  /**
   * The stream is over. Throws TAR_TRUNCATED when it ended inside of something, and says in what;
   * otherwise tells whether an end-of-archive was there.
   */
  end(): Ending {
    switch (this.#state) {
      case 'end':
        return 'complete';
      case 'zero':
        if (this.#carried > 0) throw this.#truncated('in the end-of-archive');
        return 'unterminated';
      case 'body':
        throw this.#truncated(`in the body of ${this.#name}, ${this.#remaining} bytes short`);
      case 'padding':
        throw this.#truncated(`in the padding behind ${this.#name}`);
      case 'sparse-map':
        throw this.#truncated(`in the sparse map of ${this.#name}`);
      case 'metadata':
        throw this.#truncated('in an extended header');
      case 'header':
        if (this.#carried > 0) throw this.#truncated(`in a header, ${this.#carried} of 512 bytes`);
        if (!this.#metadata.isEmpty) throw this.#truncated('behind an extended header');
        return 'unterminated';
    }
  }

  /**
   * Ends the output before the stream's end, for instance after `push` has thrown: passes on what is
   * kept of the chunk up to there. Returns how many bytes of padding the output lacks until a header
   * could follow; `undefined` where it ends inside an entry.
   */
  abandon(): number | undefined {
    this.#flush(this.#stopped);
    // A sparse file that is rewritten leaves only when its map is known.
    const isMapInOutput = this.#state === 'sparse-map' && this.#handler.portable !== true;
    const isInside = this.#state === 'body' || isMapInOutput;
    if (this.#keep && isInside) return undefined;
    return this.#keep && this.#state === 'padding' ? this.#remaining : 0;
  }

  /** Passes on what is kept of the chunk before `at`. */
  #flush(at: number): void {
    if (at > this.#span) this.#handler.bytes?.(this.#chunk.subarray(this.#span, at));
    this.#span = at;
  }

  #pass(at: number): number {
    const step = Math.min(this.#remaining, this.#chunk.length - at);
    if (this.#state === 'padding' && this.#remaining === this.#padding && this.#chunk[at] !== 0) {
      this.#handler.oddPadding?.();
    }
    const next = at + step;
    if (this.#keep && this.#state === 'body') {
      this.#handler.body?.(this.#chunk.subarray(at, next));
      if (this.#content !== undefined) this.#follow(this.#content, this.#chunk.subarray(at, next));
    }
    if (!this.#keep) {
      this.#flush(at);
      this.#span = next;
    }
    this.#remaining -= step;
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
    const available = this.#chunk.length - at;
    if (this.#carried === 0 && available >= BLOCK) {
      this.#headerInChunk = true;
      this.#take(this.#chunk, at);
      return at + BLOCK;
    }
    const step = Math.min(BLOCK - this.#carried, available);
    this.#flush(at);
    if (this.#carried === 0) this.#carry = Buffer.allocUnsafe(BLOCK);
    this.#chunk.copy(this.#carry, this.#carried, at, at + step);
    this.#carried += step;
    this.#span = at + step;
    if (this.#carried === BLOCK) {
      this.#carried = 0;
      this.#headerInChunk = false;
      this.#header = this.#carry;
      // Its bytes count as read: an error tells where the block began.
      this.#take(this.#carry, at + step - BLOCK);
    }
    return at + step;
  }

  /** `at` is where the block begins, counted from the chunk's first byte. */
  #take(buffer: Buffer, at: number): void {
    const from = this.#headerInChunk ? at : 0;
    if (this.#sparseHeader !== undefined) {
      this.#continueMap(this.#sparseHeader, buffer, from);
      return;
    }
    if (this.#state === 'sparse-map') {
      this.#passBlock(buffer, from, this.#keep);
      if (this.#keep) this.#handler.sparseBlock?.(buffer.subarray(from, from + BLOCK));
      if (buffer[from + block.GNU_SPARSE_CONTINUED] === 0) this.#startBody();
      return;
    }
    if (block.isZeroBlock(buffer, from)) {
      this.#passBlock(buffer, from, false);
      if (!this.#metadata.isEmpty) throw this.#truncated('behind an extended header');
      this.#state = this.#state === 'zero' ? 'end' : 'zero';
      return;
    }
    const offset = this.#offset + at;
    if (this.#state === 'zero') {
      const message = `reading ${this.source}: a lone zero block, and more behind it at byte ${offset}`;
      throw new DockerceptionError('context', 'TAR_LONE_ZERO', message);
    }
    const sum = verifiedSum(buffer, from);
    if (sum < 0) {
      this.#handler.badHeader?.(buffer.subarray(from, from + BLOCK));
      throw this.#notAHeader(offset);
    }
    try {
      this.#takeHeader(buffer, from, sum);
    } catch (error) {
      throw this.#inEntry(error, buffer, from, offset);
    }
  }

  /** Passes one block on, or leaves it out; a block in the chunk stays part of the span. */
  #passBlock(buffer: Buffer, from: number, keep: boolean): void {
    if (keep) {
      if (!this.#headerInChunk) this.#handler.bytes?.(buffer.subarray(from, from + BLOCK));
    } else if (this.#headerInChunk) {
      this.#flush(from);
      this.#span = from + BLOCK;
    }
  }

  #takeHeader(buffer: Buffer, from: number, sum: number): void {
    const flag = buffer[from + block.TYPEFLAG] as number;
    if (isMetadata(flag)) this.#startMetadata(buffer, from, flag);
    else this.#takeEntry(buffer, from, flag, sum);
  }

  #startMetadata(buffer: Buffer, from: number, flag: number): void {
    const reading = new MetadataBlock(buffer, from);
    if (flag === PAX_GLOBAL && !this.#metadata.isEmpty) {
      const message = 'a global PAX header between an extended header and its entry';
      throw new DockerceptionError('context', 'TAR_METADATA', message);
    }
    this.#passBlock(buffer, from, false);
    this.#reading = reading;
    if (this.#lead < 0) this.#lead = flag;
    if (reading.isComplete) this.#endMetadata(reading);
    else this.#state = 'metadata';
  }

  #collect(at: number): number {
    const reading = this.#reading as MetadataBlock;
    this.#flush(at);
    const next = at + reading.fill(this.#chunk, at);
    this.#span = next;
    if (reading.isComplete) {
      try {
        this.#endMetadata(reading);
      } catch (error) {
        const offset = this.#offset + next - reading.data.length - BLOCK;
        throw this.#inEntry(error, reading.header, 0, offset);
      }
    }
    return next;
  }

  #endMetadata(reading: MetadataBlock): void {
    this.#state = 'header';
    if (reading.typeflag !== PAX_GLOBAL) {
      if (this.#handler.portable === true && reading.typeflag === PAX_SUN) {
        reading.header[block.TYPEFLAG] = PAX;
        writeChecksum(reading.header, 0);
      }
      this.#metadata.add(reading.header, reading.data, reading.size);
      return;
    }
    this.#lead = -1;
    const records = PaxRecords.parse(reading.data.subarray(0, reading.size));
    const header = new GlobalHeader(reading.header, reading.data, records);
    this.#handler.global(header);
    header.checkOwner();
    for (const bytes of header.serialize()) this.#handler.bytes?.(bytes);
    // Entries behind it are read as those who read the output will read them.
    for (const key of INHERITED) {
      const value = records.get(key);
      if (value !== undefined) this.#globals.set(key, value);
    }
  }

  #takeEntry(buffer: Buffer, from: number, flag: number, sum: number): void {
    if (this.#lead < 0) this.#lead = flag;
    this.#entry.bind(buffer, from, sum, this.#metadata, this.#globals);
    this.#entries++;
    if (flag === GNU_SPARSE && this.#handler.portable === true) this.#holdSparse(buffer, from);
    else this.#passEntry(buffer, from, flag);
  }

  /** Keeps the header of an old GNU sparse file until all of its map is known. */
  #holdSparse(buffer: Buffer, from: number): void {
    const header = Buffer.from(buffer.subarray(from, from + BLOCK));
    this.#passBlock(buffer, from, false);
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
    this.#passBlock(buffer, from, false);
    try {
      if (continueOldMap(this.#sparseMap as SparseMap, buffer, from)) return;
      this.#sparseHeader = undefined;
      this.#passRewritten(header);
    } catch (error) {
      throw this.#inEntry(error, header, 0, this.#offset);
    }
  }

  /** Passes on a sparse file whose header is rewritten; its body is the same in both forms. */
  #passRewritten(header: Buffer): void {
    rewriteOldSparse(header, this.#sparseMap as SparseMap, this.#entry.size, this.#metadata);
    this.#sparseMap = undefined;
    this.#headerInChunk = false;
    this.#header = header;
    this.#entry.bind(header, 0, sumOf(header, 0), this.#metadata, this.#globals);
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
      this.#passBlock(buffer, from, false);
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

  #follow(content: SparseContent, bytes: Buffer): void {
    try {
      content.body(bytes);
    } catch (error) {
      if (!(error instanceof DockerceptionError)) throw error;
      throw error.code === 'TAR_SPARSE'
        ? new DockerceptionError(
            'context',
            error.code,
            `reading entry ${this.#name}: ${error.message}`,
          )
        : error;
    }
  }

  #nameAhead(entry: TarEntry, size: number, from: number): string {
    if (this.#content !== undefined) return printable(entry.pathBytes);
    const inChunk = this.#headerInChunk ? this.#chunk.length - from - BLOCK : 0;
    return inChunk < size + this.#padding ? printable(entry.pathBytes) : '';
  }

  #startBody(): void {
    this.#state = 'body';
    if (this.#remaining === 0) this.#afterBody();
  }

  #writeEntry(entry: TarEntry, buffer: Buffer, from: number): void {
    if (this.#handler.bytes === undefined) return;
    entry.seal();
    if (!this.#metadata.isEmpty) {
      if (this.#headerInChunk) this.#flush(from);
      const blocks = this.#metadata.serialize(Math.max(0, Math.floor(entry.mtime)));
      this.#handler.bytes(Buffer.concat(blocks));
    }
    if (!this.#headerInChunk) this.#handler.bytes(buffer.subarray(from, from + BLOCK));
  }

  /** A chunk that isn't ours to write to is copied when its first header changes. */
  #writableHeader(): Buffer {
    if (!this.#headerInChunk) return this.#header;
    if (!this.#owned) {
      this.#chunk = Buffer.from(this.#chunk);
      this.#owned = true;
    }
    return this.#chunk;
  }

  #truncated(where: string): DockerceptionError {
    return new DockerceptionError(
      'context',
      'TAR_TRUNCATED',
      `reading ${this.source}: it is cut short ${where}`,
    );
  }

  #notAHeader(offset: number): DockerceptionError {
    const [code, message] =
      offset === 0
        ? ['TAR_NOT_A_TAR', 'reading the tar: the stream does not start with a tar header']
        : ['TAR_CHECKSUM', `reading ${this.source}: bad checksum in the header at byte ${offset}`];
    return new DockerceptionError('context', code, message);
  }

  #inEntry(error: unknown, buffer: Buffer, from: number, offset: number): unknown {
    if (!(error instanceof DockerceptionError) || !['context', 'usage'].includes(error.kind))
      return error;
    // It says itself where it was.
    if (error.message.startsWith('reading ')) return error;
    const pax = this.#metadata.pax;
    const field = pax?.get('GNU.sparse.name') ?? pax?.get('path') ?? this.#metadata.longName;
    const name = printable(field ?? block.textField(buffer, from, block.NAME));
    return error.within(`reading entry ${name || 'without a name'} at byte ${offset}`);
  }
}
