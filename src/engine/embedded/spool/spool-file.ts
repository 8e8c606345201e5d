/** The part of the spool in a temporary file, which is written in the background. */
import { TemporaryFile } from '../../../files/temporary-file.js';

/** Bytes gathered for one write. */
const BATCH = 1 << 20;
/** Batches that are written at the same time. */
const MAX_PENDING = 2;
/** Bytes that are read at once while reads are sequential. */
const READ_AHEAD = 256 << 10;

/** Bytes that are being written. */
interface Batch {
  readonly bytes: Buffer;
  readonly position: number;
}

export class SpoolFile {
  readonly #file: TemporaryFile;
  #batch: Buffer | undefined;
  #batched = 0;
  /** Bytes given to the file, whether they are written yet or not. */
  #sent = 0;
  readonly #pending = new Set<Batch>();
  readonly #free: Buffer[] = [];
  /** All bytes before were written synchronously, even if a background write of them is still pending. */
  #flushed = 0;
  #failure: Error | undefined;
  #closed = false;
  readonly #waiting: (() => void)[] = [];
  #buffer: Buffer | undefined;
  #bufferFrom = 0;
  #bufferTo = 0;
  #lastRead = 0;

  /** @param folder where the file is created when it is needed */
  constructor(folder: string) {
    this.#file = TemporaryFile.nameless(folder);
  }

  /** Bytes appended so far: the offset of the next one. */
  get length(): number {
    return this.#sent + this.#batched;
  }

  /** Copies the bytes before it returns. Throws OUTPUT_FULL if the disk is full. */
  append(bytes: Buffer): void {
    this.#throwFailure();
    for (let from = 0; from < bytes.length;) {
      const batch = (this.#batch ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(BATCH));
      const copied = bytes.copy(batch, this.#batched, from);
      from += copied;
      this.#batched += copied;
      if (this.#batched === BATCH) this.#send();
    }
    // A reader may wait for these bytes, which may be the last ones.
    if (this.#waiting.length > 0) this.#wakeAll();
  }

  /** A promise while the maximum of writes is pending; it rejects if a write has failed. */
  ready(): Promise<void> | undefined {
    this.#throwFailure();
    return this.#pending.size < MAX_PENDING ? undefined : this.#until(MAX_PENDING - 1);
  }

  /** Resolves when everything is in the file; rejects if a write has failed. */
  async settle(): Promise<void> {
    if (this.#batched > 0) this.#send();
    await this.#until(0);
  }

  /** A promise while not all bytes before `end` are in the file; it rejects if they never will be. */
  whenReadable(end: number): Promise<void> | undefined {
    return end <= this.#written ? undefined : this.#untilWritten(end);
  }

  async #untilWritten(end: number): Promise<void> {
    while (end > this.#written) {
      // All of it was appended, and waits for a full batch.
      if (end > this.#sent && end <= this.length) this.#send();
      if (this.#closed) throw new Error('the temporary file is closed');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.#throwFailure();
    }
  }

  /** Reads `length` bytes from `offset` on, to `target` at `at`. */
  read(target: Buffer, at: number, offset: number, length: number): void {
    if (offset + length > this.#written) this.#flush();
    this.#throwFailure();
    const sequential = offset === this.#lastRead;
    this.#lastRead = offset + length;
    let done = 0;
    while (done < length) {
      const from = offset + done;
      if (this.#buffer !== undefined && from >= this.#bufferFrom && from < this.#bufferTo) {
        const start = from - this.#bufferFrom;
        const end = Math.min(start + length - done, this.#bufferTo - this.#bufferFrom);
        done += this.#buffer.copy(target, at + done, start, end);
      } else if (sequential && length - done < READ_AHEAD) {
        this.#buffer ??= Buffer.allocUnsafeSlow(READ_AHEAD);
        this.#bufferFrom = from;
        // Bytes that are not written yet must not be buffered.
        const most = Math.min(READ_AHEAD, this.#written - from);
        this.#bufferTo = from + this.#readAt(this.#buffer, 0, most, from);
      } else {
        done += this.#readAt(target, at + done, length - done, from);
      }
    }
  }

  close(): void {
    this.#closed = true;
    this.#wakeAll();
    this.#file.close().catch(() => undefined);
  }

  #send(): void {
    const batch = this.#batch as Buffer;
    const sending: Batch = { bytes: batch.subarray(0, this.#batched), position: this.#sent };
    this.#sent += this.#batched;
    this.#batch = undefined;
    this.#batched = 0;
    // Bounds the pending bytes of a caller that does not wait for `ready`.
    if (this.#pending.size >= MAX_PENDING) {
      this.#file.writeSync(sending.bytes, sending.position);
      this.#free.push(batch);
      return;
    }
    this.#pending.add(sending);
    void this.#writeLater(sending).then(() => {
      this.#pending.delete(sending);
      this.#free.push(batch);
      this.#wakeAll();
    });
  }

  async #writeLater({ bytes, position }: Batch): Promise<void> {
    try {
      await this.#file.write(bytes, position);
    } catch (error) {
      this.#failure ??= error as Error;
    }
  }

  /** Writes everything synchronously. Pending bytes are written twice, to the same place. */
  #flush(): void {
    if (this.#batched > 0) this.#send();
    for (const { bytes, position } of this.#pending) this.#file.writeSync(bytes, position);
    this.#flushed = this.#sent;
  }

  /** Every byte before it is in the file. */
  get #written(): number {
    let landed = this.#sent;
    for (const { position } of this.#pending) landed = Math.min(landed, position);
    return Math.max(landed, this.#flushed);
  }

  async #until(left: number): Promise<void> {
    while (this.#pending.size > left)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#throwFailure();
  }

  #readAt(target: Buffer, at: number, length: number, position: number): number {
    const read = this.#file.readSync(target, at, length, position);
    if (read === 0) throw new Error(`the temporary file ends before byte ${position}`);
    return read;
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
