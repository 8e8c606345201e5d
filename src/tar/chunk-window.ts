/**
 * The current chunk: which of its bytes are written, and the blocks that are split between chunks. Bytes are written in
 * spans that are as long as possible; bytes that are omitted or replaced end a span.
 */
import { BLOCK } from './block.js';

export class ChunkWindow {
  chunk: Buffer = Buffer.alloc(0);
  /** Where the bytes begin that are still to be written. */
  #span = 0;
  /** Whether the chunk may be written to. */
  #owned = false;
  /** A block that is split between chunks; a new one each time, since the last may be in the output. */
  #carry = Buffer.alloc(0);
  /** How much of it has arrived. */
  carried = 0;
  /** The current block's own buffer; undefined if it is in the chunk. */
  #own: Buffer | undefined;

  /** @param output receives the bytes that are written */
  constructor(private readonly output: { bytes?(bytes: Buffer): void }) {}

  begin(chunk: Buffer, owned: boolean): void {
    this.chunk = chunk;
    this.#owned = owned;
    this.#span = 0;
  }

  /** Writes the kept bytes of the chunk before `at`. */
  flush(at: number): void {
    if (at > this.#span) this.output.bytes?.(this.chunk.subarray(this.#span, at));
    this.#span = at;
  }

  /** Omits the bytes in between. */
  leaveOut(from: number, to: number): void {
    this.flush(from);
    this.#span = to;
  }

  /** Whether all of the next block is in the chunk; then it is the current block. */
  hasBlock(at: number): boolean {
    const isInChunk = this.carried === 0 && this.chunk.length - at >= BLOCK;
    if (isInChunk) this.#own = undefined;
    return isInChunk;
  }

  /** Adds the chunk's bytes to a split block, which is the current block when it is complete. */
  carry(at: number): { readonly next: number; readonly block: Buffer | undefined } {
    const next = Math.min(at + BLOCK - this.carried, this.chunk.length);
    this.leaveOut(at, next);
    if (this.carried === 0) this.#carry = Buffer.allocUnsafe(BLOCK);
    this.carried += this.chunk.copy(this.#carry, this.carried, at, next);
    if (this.carried < BLOCK) return { next, block: undefined };
    this.carried = 0;
    this.takeBlock(this.#carry);
    return { next, block: this.#carry };
  }

  /** Makes a buffer of its own the current block. */
  takeBlock(block: Buffer): void {
    this.#own = block;
  }

  /** Writes or omits the current block; one in the chunk stays part of the span. */
  pass(buffer: Buffer, from: number, keep: boolean): void {
    if (this.#own === undefined) {
      if (!keep) this.leaveOut(from, from + BLOCK);
    } else if (keep) this.output.bytes?.(buffer.subarray(from, from + BLOCK));
  }

  /** Writes other bytes before the current block. */
  insert(bytes: Buffer, from: number): void {
    if (this.#own === undefined) this.flush(from);
    this.output.bytes?.(bytes);
  }

  /** Bytes of the chunk after the current block. */
  after(from: number): number {
    return this.#own === undefined ? this.chunk.length - from - BLOCK : 0;
  }

  /** The writable buffer of the current block: a chunk that isn't owned is copied at the first change. */
  writable(): Buffer {
    if (this.#own !== undefined) return this.#own;
    if (!this.#owned) {
      this.chunk = Buffer.from(this.chunk);
      this.#owned = true;
    }
    return this.chunk;
  }
}
