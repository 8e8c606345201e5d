/**
 * The chunk at hand: which of its bytes leave, and the blocks that chunks cut in pieces. Bytes leave in spans as
 * long as possible; what is left out, or has changed elsewhere, ends a span.
 */
import { BLOCK } from './block.js';

export class ChunkWindow {
  chunk: Buffer = Buffer.alloc(0);
  /** Where the bytes that still have to leave begin. */
  #span = 0;
  /** Whether the chunk may be written to. */
  #owned = false;
  /** A block that the chunks have cut in pieces; a new one each time, since the last may be in the output. */
  #carry = Buffer.alloc(0);
  /** How much of it has arrived. */
  carried = 0;
  /** Whether the block at hand is in the chunk, or a buffer of its own. */
  #isInChunk = false;
  #own: Buffer = this.#carry;

  /** `output` receives the bytes that leave, if it wants them. */
  constructor(private readonly output: { bytes?(bytes: Buffer): void }) {}

  begin(chunk: Buffer, owned: boolean): void {
    this.chunk = chunk;
    this.#owned = owned;
    this.#span = 0;
  }

  /** Passes on what is kept of the chunk before `at`. */
  flush(at: number): void {
    if (at > this.#span) this.output.bytes?.(this.chunk.subarray(this.#span, at));
    this.#span = at;
  }

  /** Leaves out what lies between. */
  leaveOut(from: number, to: number): void {
    this.flush(from);
    this.#span = to;
  }

  /** Whether the next block is in the chunk as a whole; it is the block at hand then. */
  hasBlock(at: number): boolean {
    this.#isInChunk = this.carried === 0 && this.chunk.length - at >= BLOCK;
    return this.#isInChunk;
  }

  /** Adds what the chunk has to a block that is cut in pieces; the block is at hand when it is whole. */
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

  /** Makes a buffer of its own the block at hand. */
  takeBlock(block: Buffer): void {
    this.#isInChunk = false;
    this.#own = block;
  }

  /** Passes the block at hand on, or leaves it out; a block in the chunk stays part of the span. */
  pass(buffer: Buffer, from: number, keep: boolean): void {
    if (!keep) {
      if (this.#isInChunk) this.leaveOut(from, from + BLOCK);
    } else if (!this.#isInChunk) this.output.bytes?.(buffer.subarray(from, from + BLOCK));
  }

  /** Passes other bytes on, before the block at hand. */
  insert(bytes: Buffer, from: number): void {
    if (this.#isInChunk) this.flush(from);
    this.output.bytes?.(bytes);
  }

  /** Bytes of the chunk behind the block at hand. */
  behind(from: number): number {
    return this.#isInChunk ? this.chunk.length - from - BLOCK : 0;
  }

  /** What the block at hand may be written to in: a chunk that isn't ours is copied at the first change. */
  writable(): Buffer {
    if (!this.#isInChunk) return this.#own;
    if (!this.#owned) {
      this.chunk = Buffer.from(this.chunk);
      this.#owned = true;
    }
    return this.chunk;
  }
}
