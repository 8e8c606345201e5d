/** Reads exact numbers of bytes from chunks of any size. Holds no more than was asked for, and one chunk. */
export class ByteReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private buffer: Buffer = Buffer.alloc(0);

  /** @param cut makes the error for an input that ends too early */
  constructor(
    input: AsyncIterable<Buffer>,
    private readonly cut: () => Error,
  ) {
    this.chunks = input[Symbol.asyncIterator]();
  }

  /** Whether all was read. */
  async atEnd(): Promise<boolean> {
    return this.buffer.length === 0 && !(await this.more());
  }

  /** The next `size` bytes. */
  async read(size: number): Promise<Buffer> {
    await this.fill(size);
    const bytes = this.buffer.subarray(0, size);
    this.buffer = this.buffer.subarray(size);
    return bytes;
  }

  /** Passes `size` bytes by. */
  async skip(size: number): Promise<void> {
    for (let left = size; left > 0;) {
      await this.fill(1);
      const step = Math.min(left, this.buffer.length);
      this.buffer = this.buffer.subarray(step);
      left -= step;
    }
  }

  /** Ends the input. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async fill(size: number): Promise<void> {
    if (this.buffer.length >= size) return;
    const parts = [this.buffer];
    let length = this.buffer.length;
    this.buffer = Buffer.alloc(0);
    while (length < size) {
      if (!(await this.more())) throw this.cut();
      parts.push(this.buffer);
      length += this.buffer.length;
    }
    this.buffer = Buffer.concat(parts, length);
  }

  private async more(): Promise<boolean> {
    for (;;) {
      const next = await this.chunks.next();
      if (next.done) return false;
      this.buffer = next.value;
      if (next.value.length > 0) return true;
    }
  }
}
