/**
 * Looks into files while their bytes pass by, one file after the other: what an inspection knows of
 * contents comes from here, but for the hash. A file's first bytes decide; most files are neither ELF
 * nor text, and cost nothing from then on. What is kept of a file while it passes is bounded, in
 * buffers that the next one uses again.
 */
import type { Content } from './content.js';
import { ElfProbe } from './elf-probe.js';
import { isKept, isText, TextProbe } from './text-probe.js';

/** As many first bytes as decide what a file is. */
const HEAD = 64;
/** A hole's bytes, a piece at a time. */
const ZEROS = Buffer.alloc(64 * 1024);
const ELF_MAGIC = 0x7f454c46;

export class ContentProbe {
  readonly #head = Buffer.alloc(HEAD);
  readonly #elf = new ElfProbe();
  readonly #text = new TextProbe();
  #looking: ElfProbe | TextProbe | 'head' | 'done' = 'done';
  #path = '';
  #size = 0;
  #headLength = 0;

  /**
   * Starts a file; whatever was not ended before is forgotten.
   * @param path absolute
   * @param _mode the twelve bits of chmod(1)
   * @param size how many bytes will come
   */
  begin(path: string, _mode: number, size: number): void {
    this.#path = path;
    this.#size = size;
    this.#headLength = 0;
    this.#looking = size === 0 ? 'done' : 'head';
  }

  /** Whether more bytes of this file can't tell anything more: a reader may stop, and end it. */
  get satisfied(): boolean {
    if (this.#looking === 'head') return false;
    return this.#looking === 'done' || this.#looking.satisfied;
  }

  /** @param bytes the next ones, of any number; they are read during the call only */
  data(bytes: Buffer): void {
    if (this.#looking === 'done' || bytes.length === 0) return;
    if (this.#looking !== 'head') return this.#looking.data(bytes);
    const wanted = Math.min(HEAD, this.#size);
    if (this.#headLength === 0 && bytes.length >= wanted) {
      this.#decide(bytes.subarray(0, wanted));
      this.data(bytes);
      return;
    }
    const taken = bytes.copy(this.#head, this.#headLength, 0, wanted - this.#headLength);
    this.#headLength += taken;
    if (this.#headLength < wanted) return;
    const head = this.#head.subarray(0, wanted);
    this.#decide(head);
    this.data(head);
    this.data(bytes.subarray(taken));
  }

  /** So many zero bytes. */
  hole(length: number): void {
    let left = length;
    while (left > 0 && !this.satisfied) {
      if (this.#looking === this.#elf) return this.#elf.hole(left);
      const piece = Math.min(left, ZEROS.length);
      this.data(ZEROS.subarray(0, piece));
      left -= piece;
    }
  }

  /** Ends the file. @returns what its bytes tell; undefined when that is nothing */
  end(): Content | undefined {
    const looking = this.#looking;
    this.#looking = 'done';
    return looking === 'head' || looking === 'done' ? undefined : looking.end();
  }

  #decide(head: Buffer): void {
    if (head.length >= 4 && head.readUInt32BE(0) === ELF_MAGIC) {
      this.#elf.begin(this.#path, this.#size);
      this.#looking = this.#elf;
    } else if (isText(head) || isKept(this.#path)) {
      this.#text.begin(this.#path, this.#size);
      this.#looking = this.#text;
    } else this.#looking = 'done';
  }
}
