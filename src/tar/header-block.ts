/** One header, whose fields are read and written in place. */
import * as block from './block.js';
import { holdsNumber, writeChecksum, writeNumber } from './header-fields.js';

export class HeaderBlock {
  /** The header is at `at` in this buffer. */
  protected block: Buffer = Buffer.alloc(0);
  protected at = 0;
  #isChanged = false;

  /** @param writable called before the first write; returns the block's buffer, or a copy that may be written to */
  constructor(private readonly writable: () => Buffer) {}

  /** Moves to another header. */
  protected moveTo(buffer: Buffer, at: number): void {
    this.block = buffer;
    this.at = at;
    this.#isChanged = false;
  }

  /** Returns the buffer to write a field into. */
  protected write(): Buffer {
    if (!this.#isChanged) {
      this.#isChanged = true;
      this.block = this.writable();
    }
    return this.block;
  }

  /** Writes a number, unless the field holds it. */
  writeNumber(field: block.Field, value: number): void {
    if (holdsNumber(this.block, this.at, field, value)) return;
    writeNumber(this.write(), this.at, field, value);
  }

  writeText({ at, length }: block.Field, value: string): void {
    const from = this.at + at;
    // A v7 header ends before these names: the bytes have no meaning.
    const isNeeded = this.block[from] !== 0 || value !== '';
    if (!isNeeded || block.magicOf(this.block, this.at) === 'v7') return;
    const own = this.write();
    // Not `fill`: a call into C++ costs more than so few bytes, most of which are zeros already.
    for (let i = from; i < from + length; i++) if (own[i] !== 0) own[i] = 0;
    if (value !== '') own.write(value, from, length - 1, 'utf8');
  }

  /** Updates the checksum after changes. */
  seal(): void {
    if (this.#isChanged) writeChecksum(this.block, this.at);
  }
}
