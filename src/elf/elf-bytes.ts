/**
 * Numbers out of an ELF file, of either class and either byte order (System V gABI, "ELF Header").
 * Of the file there may be parts alone. Every read is checked: one behind the file's end says that
 * the file is cut short or made up, one in a part that is not there says so (ElfGap); never is it an
 * exception of Buffer's.
 */

/** A part of a file. */
export interface ElfPart {
  readonly at: number;
  readonly bytes: Buffer;
}

/** The file is cut short or damaged. */
export class ElfError extends Error {}

/** What is asked for may be in the file, but not in the parts that there are. */
export class ElfGap extends Error {}

export class ElfBytes {
  /** Of the whole file. */
  readonly size: number;
  readonly is64: boolean;
  readonly bigEndian: boolean;
  readonly #parts: readonly ElfPart[];
  /** The part that was read last: the next read is there as well, nearly always. */
  #part: ElfPart;

  /** @param parts at least one, none of which overlaps another */
  constructor(
    parts: readonly [ElfPart, ...ElfPart[]],
    size: number,
    is64: boolean,
    bigEndian: boolean,
  ) {
    this.#parts = parts;
    this.#part = parts[0];
    this.size = size;
    this.is64 = is64;
    this.bigEndian = bigEndian;
  }

  u16(at: number, what: string): number {
    const { bytes, at: start } = this.#need(at, 2, what);
    return this.bigEndian ? bytes.readUInt16BE(at - start) : bytes.readUInt16LE(at - start);
  }

  u32(at: number, what: string): number {
    const { bytes, at: start } = this.#need(at, 4, what);
    return this.bigEndian ? bytes.readUInt32BE(at - start) : bytes.readUInt32LE(at - start);
  }

  /** An address, an offset or a size: four bytes or eight. What 53 bits can't hold is no offset. */
  word(at: number, what: string): number {
    if (!this.is64) return this.u32(at, what);
    const { bytes, at: start } = this.#need(at, 8, what);
    return Number(
      this.bigEndian ? bytes.readBigUInt64BE(at - start) : bytes.readBigUInt64LE(at - start),
    );
  }

  /** Text up to its NUL, which has to come before `end`. */
  text(at: number, end: number, what: string): string {
    const limit = Math.min(end, this.size);
    const part = at < limit ? this.#partAt(at, 1) : undefined;
    if (at < limit && part === undefined) throw new ElfGap(what);
    const nul = part?.bytes.subarray(at - part.at, limit - part.at).indexOf(0) ?? -1;
    if (part !== undefined && nul < 0 && part.at + part.bytes.length < limit)
      throw new ElfGap(what);
    if (part === undefined || nul < 0) throw new ElfError(`${what} does not end inside the file`);
    return part.bytes.toString('utf8', at - part.at, at - part.at + nul);
  }

  /** Text of at most `most` bytes that may be anywhere; undefined when it is longer or not there. */
  shortText(at: number, most: number): string | undefined {
    const part = this.#partAt(at, 1);
    if (part === undefined) return undefined;
    const start = at - part.at;
    const nul = part.bytes.subarray(start, start + most + 1).indexOf(0);
    return nul < 0 ? undefined : part.bytes.toString('latin1', start, start + nul);
  }

  /** Whether a range is there. */
  has(at: number, size: number): boolean {
    return this.#partAt(at, size) !== undefined;
  }

  /** @throws ElfError when a range is not wholly inside the file, ElfGap when it is not there. */
  need(at: number, size: number, what: string): void {
    this.#need(at, size, what);
  }

  #need(at: number, size: number, what: string): ElfPart {
    const part = this.#partAt(at, size);
    if (part !== undefined) return part;
    if (at + size > this.size)
      throw new ElfError(`${what} ends at byte ${at + size}, the file at byte ${this.size}`);
    throw new ElfGap(what);
  }

  #partAt(at: number, size: number): ElfPart | undefined {
    const isIn = (part: ElfPart): boolean =>
      at >= part.at && at + size <= part.at + part.bytes.length;
    if (isIn(this.#part)) return this.#part;
    const found = this.#parts.find(isIn);
    if (found !== undefined) this.#part = found;
    return found;
  }
}
