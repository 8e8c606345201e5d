/**
 * One metadata entry while it is read: its header, and its data, which chunks may bring in pieces.
 * Bounded: what is held until the header behind it comes must not grow with the stream.
 */
import { DockerceptionError } from '../errors.js';
import * as block from './block.js';
import { BLOCK } from './block.js';
import { writeChecksum } from './checksum.js';
import { readNumber } from './numeric.js';
import { PAX, PAX_SUN } from './typeflag.js';

/** Metadata of one header beyond this is refused, as Go's archive/tar does. Bytes. */
export const METADATA_LIMIT = 1024 * 1024;

export class MetadataBlock {
  /** A copy, which may be written to. */
  readonly header: Buffer;
  /** Its data with the padding, as far as it has come. */
  readonly data: Buffer;
  /** Bytes of data without the padding. */
  readonly size: number;
  #filled = 0;

  /** Takes the header at `at`. Throws TAR_METADATA when its size can't be. */
  constructor(buffer: Buffer, at: number) {
    this.size = readNumber(buffer, at, block.SIZE, 'size');
    if (this.size < 0 || this.size > METADATA_LIMIT) {
      const why = this.size < 0 ? 'negative' : `${this.size} bytes, more than 1 MiB`;
      const message = `the extended header's size is ${why}`;
      throw new DockerceptionError('context', 'TAR_METADATA', message);
    }
    this.header = Buffer.from(buffer.subarray(at, at + BLOCK));
    this.data = Buffer.alloc(this.size + block.paddingOf(this.size));
  }

  get typeflag(): number {
    return this.header[block.TYPEFLAG] as number;
  }

  /** Gives Sun's extended header the typeflag of POSIX. */
  makePosix(): void {
    if (this.typeflag !== PAX_SUN) return;
    this.header[block.TYPEFLAG] = PAX;
    writeChecksum(this.header, 0);
  }

  get isComplete(): boolean {
    return this.#filled === this.data.length;
  }

  /** Takes what it lacks from `chunk`; returns how many bytes that were. */
  fill(chunk: Buffer, at: number): number {
    const step = Math.min(this.data.length - this.#filled, chunk.length - at);
    chunk.copy(this.data, this.#filled, at, at + step);
    this.#filled += step;
    return step;
  }
}
