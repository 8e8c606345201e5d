/**
 * Numbers out of an ELF file, of either class and either byte order (System V gABI, "ELF Header").
 * Every read is checked against the file's end: a file cut short or made up is an error with its
 * name, never an exception of Buffer's.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../tar/printable.js';

export class ElfBytes {
  readonly size: number;
  readonly is64: boolean;
  readonly bigEndian: boolean;
  readonly #bytes: Buffer;
  readonly #path: string;

  /** @param path what errors call the file */
  constructor(bytes: Buffer, path: string, is64: boolean, bigEndian: boolean) {
    this.#bytes = bytes;
    this.#path = path;
    this.size = bytes.length;
    this.is64 = is64;
    this.bigEndian = bigEndian;
  }

  u16(at: number, what: string): number {
    this.need(at, 2, what);
    return this.bigEndian ? this.#bytes.readUInt16BE(at) : this.#bytes.readUInt16LE(at);
  }

  u32(at: number, what: string): number {
    this.need(at, 4, what);
    return this.bigEndian ? this.#bytes.readUInt32BE(at) : this.#bytes.readUInt32LE(at);
  }

  /** An address, an offset or a size: four bytes or eight. What 53 bits can't hold is no offset. */
  word(at: number, what: string): number {
    if (!this.is64) return this.u32(at, what);
    this.need(at, 8, what);
    return Number(
      this.bigEndian ? this.#bytes.readBigUInt64BE(at) : this.#bytes.readBigUInt64LE(at),
    );
  }

  /** Text up to its NUL, which has to come before `end`. */
  text(at: number, end: number, what: string): string {
    const limit = Math.min(end, this.size);
    const nul = at < limit ? this.#bytes.subarray(at, limit).indexOf(0) : -1;
    if (nul < 0) throw this.invalid(`${what} does not end inside the file`);
    return this.#bytes.toString('utf8', at, at + nul);
  }

  /** Text of at most `most` bytes that may be anywhere; undefined when it is longer or outside. */
  shortText(at: number, most: number): string | undefined {
    if (at >= this.size) return undefined;
    const nul = this.#bytes.subarray(at, at + most + 1).indexOf(0);
    return nul < 0 ? undefined : this.#bytes.toString('latin1', at, at + nul);
  }

  /** @throws DockerceptionError LIBS_INVALID when a range is not wholly inside the file. */
  need(at: number, size: number, what: string): void {
    if (at + size > this.size)
      throw this.invalid(`${what} ends at byte ${at + size}, the file at byte ${this.size}`);
  }

  invalid(why: string): DockerceptionError {
    return invalidElf(this.#path, why);
  }
}

export function invalidElf(path: string, why: string): DockerceptionError {
  const message = `reading the ELF file ${printable(path)}: ${why}`;
  return new DockerceptionError('builder', 'LIBS_INVALID', message, {
    hint: 'it is cut short or damaged: look at what writes it in the builder',
  });
}
