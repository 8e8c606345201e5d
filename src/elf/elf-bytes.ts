/**
 * Checked access to an ELF file of either class and byte order, and its program header (System V gABI,
 * "ELF Header", "Program Header").
 */

/** Bytes of a file from the offset `at`. */
export interface ElfPart {
  readonly at: number;
  readonly bytes: Buffer;
}

/** The file is cut short or damaged. */
export class ElfError extends Error {}

/** The bytes may be in the file, but they are in none of the available parts. */
export class ElfGap extends Error {}

/** Reads a file of which some parts may be unavailable. Throws ElfError past the file's end, ElfGap outside of the parts. */
export class ElfBytes {
  /** The part that was read last. */
  #part: ElfPart;

  /**
   * @param parts must not overlap
   * @param size bytes of the whole file
   */
  constructor(
    private readonly parts: readonly [ElfPart, ...ElfPart[]],
    readonly size: number,
    readonly is64: boolean,
    readonly bigEndian: boolean,
  ) {
    this.#part = parts[0];
  }

  u16(at: number, what: string): number {
    const { bytes, at: start } = this.need(at, 2, what);
    return this.bigEndian ? bytes.readUInt16BE(at - start) : bytes.readUInt16LE(at - start);
  }

  u32(at: number, what: string): number {
    const { bytes, at: start } = this.need(at, 4, what);
    return this.bigEndian ? bytes.readUInt32BE(at - start) : bytes.readUInt32LE(at - start);
  }

  /** An address, an offset or a size, of 4 or 8 bytes. Values above 53 bits lose precision; no offset is that large. */
  word(at: number, what: string): number {
    if (!this.is64) return this.u32(at, what);
    const { bytes, at: start } = this.need(at, 8, what);
    return Number(
      this.bigEndian ? bytes.readBigUInt64BE(at - start) : bytes.readBigUInt64LE(at - start),
    );
  }

  /** Text up to its NUL, which must come before `end`. */
  text(at: number, end: number, what: string): string {
    const limit = Math.min(end, this.size);
    const unterminated = `${what} does not end inside the file`;
    if (at >= limit) throw new ElfError(unterminated);
    const part = this.#partAt(at, 1);
    if (part === undefined) throw new ElfGap(what);
    const nul = part.bytes.subarray(at - part.at, limit - part.at).indexOf(0);
    if (nul >= 0) return part.bytes.toString('utf8', at - part.at, at - part.at + nul);
    if (part.at + part.bytes.length < limit) throw new ElfGap(what);
    throw new ElfError(unterminated);
  }

  /** Text of at most `maxLength` bytes at any offset; undefined if it is longer or unavailable. */
  shortText(at: number, maxLength: number): string | undefined {
    const part = this.#partAt(at, 1);
    if (part === undefined) return undefined;
    const start = at - part.at;
    const nul = part.bytes.subarray(start, start + maxLength + 1).indexOf(0);
    return nul < 0 ? undefined : part.bytes.toString('latin1', start, start + nul);
  }

  has(at: number, size: number): boolean {
    return this.#partAt(at, size) !== undefined;
  }

  /** The part that contains a range. */
  need(at: number, size: number, what: string): ElfPart {
    const part = this.#partAt(at, size);
    if (part !== undefined) return part;
    if (at + size > this.size)
      throw new ElfError(`${what} ends at byte ${at + size}, the file at byte ${this.size}`);
    throw new ElfGap(what);
  }

  #partAt(at: number, size: number): ElfPart | undefined {
    const contains = (part: ElfPart): boolean =>
      at >= part.at && at + size <= part.at + part.bytes.length;
    if (contains(this.#part)) return this.#part;
    const found = this.parts.find(contains);
    if (found !== undefined) this.#part = found;
    return found;
  }
}

/** Types of segments: `p_type`. */
export const PT = { LOAD: 1, DYNAMIC: 2, INTERP: 3, NOTE: 4 } as const;

/** Permissions of segments: `p_flags`. */
export const PF = { X: 1, W: 2 } as const;

export interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  /** Bytes in the file. */
  readonly size: number;
  readonly flags: number;
}

export function readSegments(bytes: ElfBytes): Segment[] {
  const what = 'its program header';
  const [tableAt, entryAt] = bytes.is64 ? [32, 54] : [28, 42];
  const table = bytes.word(tableAt, 'its header');
  const entrySize = bytes.u16(entryAt, 'its header');
  const count = bytes.u16(entryAt + 2, 'its header');
  if (count === 0) return [];
  if (entrySize < (bytes.is64 ? 56 : 32))
    throw new ElfError(`an entry of its program header has ${entrySize} bytes`);
  bytes.need(table, count * entrySize, what);
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * entrySize;
    const word = (at32: number, at64: number): number =>
      bytes.word(at + (bytes.is64 ? at64 : at32), what);
    const type = bytes.u32(at, what);
    const flags = bytes.u32(at + (bytes.is64 ? 4 : 24), what);
    return { type, offset: word(4, 8), address: word(8, 16), size: word(16, 32), flags };
  });
}

/** The file offset of an address; undefined if no segment maps it. */
export function offsetOf(segments: readonly Segment[], address: number): number | undefined {
  const segment = segments.find(
    (one) => one.type === PT.LOAD && address >= one.address && address - one.address < one.size,
  );
  return segment && segment.offset + (address - segment.address);
}
