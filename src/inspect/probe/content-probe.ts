/**
 * Extracts facts from the bytes of files, one file after the other. The first bytes decide whether a file is probed; most
 * files are neither ELF files nor text. Retained bytes are bounded, in buffers that are reused.
 */
import type { Content } from './content.js';
import { ElfProbe } from './elf-probe.js';
import { isRetained, isText, TextProbe } from './text-probe.js';

/** Bytes that show a file's type. */
const HEAD = 64;
const ZEROS = Buffer.alloc(64 * 1024);
const ELF_MAGIC = 0x7f454c46;

export class ContentProbe {
  readonly #head = Buffer.alloc(HEAD);
  readonly #elf = new ElfProbe();
  readonly #text = new TextProbe();
  #state: ElfProbe | TextProbe | 'head' | 'done' = 'done';
  #path = '';
  #size = 0;
  #headLength = 0;

  /**
   * Starts a file. An unfinished one is discarded.
   * @param path absolute
   * @param size bytes that will follow
   */
  begin(path: string, size: number): void {
    this.#path = path;
    this.#size = size;
    this.#headLength = 0;
    this.#state = size === 0 ? 'done' : 'head';
  }

  /** Whether the rest of the file has no effect: a reader may call `end`. */
  get satisfied(): boolean {
    if (this.#state === 'head') return false;
    return this.#state === 'done' || this.#state.satisfied;
  }

  /** @param bytes are read during the call only */
  data(bytes: Buffer): void {
    if (this.#state === 'done' || bytes.length === 0) return;
    if (this.#state !== 'head') return this.#state.data(bytes);
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

  hole(length: number): void {
    let left = length;
    while (left > 0 && !this.satisfied) {
      if (this.#state === this.#elf) return this.#elf.hole(left);
      const piece = Math.min(left, ZEROS.length);
      this.data(ZEROS.subarray(0, piece));
      left -= piece;
    }
  }

  /** Ends the file. @returns undefined without facts */
  end(): Content | undefined {
    const state = this.#state;
    this.#state = 'done';
    return state === 'head' || state === 'done' ? undefined : state.end();
  }

  #decide(head: Buffer): void {
    if (head.length >= 4 && head.readUInt32BE(0) === ELF_MAGIC) {
      this.#elf.begin(this.#path, this.#size);
      this.#state = this.#elf;
    } else if (isText(head) || isRetained(this.#path)) {
      this.#text.begin(this.#path, this.#size);
      this.#state = this.#text;
    } else this.#state = 'done';
  }
}
