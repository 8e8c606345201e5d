/** The part of the spool that is in memory: pieces of one size, so that nothing is moved as it grows. */

const PIECE = 1 << 20;

export class SpoolMemory {
  readonly #pieces: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      const at = this.#length % PIECE;
      if (at === 0) this.#pieces.push(Buffer.allocUnsafeSlow(PIECE));
      const copied = bytes.copy(this.#pieces.at(-1) as Buffer, at, from);
      from += copied;
      this.#length += copied;
    }
  }

  read(target: Buffer, at: number, offset: number, length: number): void {
    for (let done = 0; done < length;) {
      const from = offset + done;
      const piece = this.#pieces[Math.floor(from / PIECE)] as Buffer;
      const start = from % PIECE;
      done += piece.copy(target, at + done, start, start + length - done);
    }
  }

  close(): void {
    this.#pieces.length = 0;
    this.#length = 0;
  }
}
