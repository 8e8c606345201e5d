/**
 * The part of the spool that goes to a temporary file when it is long. It is written by another thread
 * while the caller continues.
 */
import { TemporaryFile } from '../../../files/temporary-file.js';

/** Bytes gathered for one write. */
const BATCH = 1 << 20;
/** Batches that are written while the next one is gathered. */
const UNDER_WAY = 2;
/** Bytes read ahead where files are read in the order in which they lie. */
const AHEAD = 256 << 10;

/** Bytes on their way to the file. */
interface Batch {
  readonly bytes: Buffer;
  readonly position: number;
}

export class SpoolFile {
  readonly #file: TemporaryFile;
  #batch: Buffer | undefined;
  #batched = 0;
  /** Bytes given to the file, whether they are there yet or not. */
  #sent = 0;
  readonly #underWay = new Set<Batch>();
  readonly #free: Buffer[] = [];
  /** Where everything before was written at once, whatever is still under way. */
  #firm = 0;
  #failure: Error | undefined;
  #closed = false;
  readonly #waiting: (() => void)[] = [];
  #ahead: Buffer | undefined;
  #aheadFrom = 0;
  #aheadTo = 0;
  #lastRead = 0;

  /** @param folder where the file is created when there is too much for memory */
  constructor(folder: string) {
    this.#file = TemporaryFile.nameless(folder);
  }

  /** Where the next byte goes. */
  get length(): number {
    return this.#sent + this.#batched;
  }

  /** Takes the bytes before it returns. Throws OUTPUT_FULL when the disk is. */
  append(bytes: Buffer): void {
    this.#throwFailure();
    for (let from = 0; from < bytes.length;) {
      const batch = (this.#batch ??= this.#free.pop() ?? Buffer.allocUnsafeSlow(BATCH));
      const copied = bytes.copy(batch, this.#batched, from);
      from += copied;
      this.#batched += copied;
      if (this.#batched === BATCH) this.#send();
    }
  }

  /** A promise while as much is under way as may be; rejects when a write failed. */
  ready(): Promise<void> | undefined {
    this.#throwFailure();
    return this.#underWay.size < UNDER_WAY ? undefined : this.#until(UNDER_WAY - 1);
  }

  /** Resolves when everything is in the file; rejects with why it couldn't be written. */
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
      // It has all come, and waits for more to be written with.
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
      if (this.#ahead !== undefined && from >= this.#aheadFrom && from < this.#aheadTo) {
        const start = from - this.#aheadFrom;
        const end = Math.min(start + length - done, this.#aheadTo - this.#aheadFrom);
        done += this.#ahead.copy(target, at + done, start, end);
      } else if (sequential && length - done < AHEAD) {
        this.#ahead ??= Buffer.allocUnsafeSlow(AHEAD);
        this.#aheadFrom = from;
        // Not what is still being written: it would be kept as it is now.
        const most = Math.min(AHEAD, this.#written - from);
        this.#aheadTo = from + this.#readAt(this.#ahead, 0, most, from);
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
    // Who doesn't wait for `ready` is held up here: what isn't written yet has a bound.
    if (this.#underWay.size >= UNDER_WAY) {
      this.#file.writeSync(sending.bytes, sending.position);
      this.#free.push(batch);
      return;
    }
    this.#underWay.add(sending);
    void this.#writeLater(sending).then(() => {
      this.#underWay.delete(sending);
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

  /** Sees to it that what is read next is there: bytes under way are written twice then, to one place. */
  #flush(): void {
    if (this.#batched > 0) this.#send();
    for (const { bytes, position } of this.#underWay) this.#file.writeSync(bytes, position);
    this.#firm = this.#sent;
  }

  /** Every byte before it is in the file. */
  get #written(): number {
    let landed = this.#sent;
    for (const { position } of this.#underWay) landed = Math.min(landed, position);
    return Math.max(landed, this.#firm);
  }

  async #until(left: number): Promise<void> {
    while (this.#underWay.size > left)
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
