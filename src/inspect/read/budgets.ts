/** Bounds of a read: bytes if a limit is set, and memory for entries. */
import { getHeapStatistics } from 'node:v8';
import { DockerceptionError } from '../../errors.js';
import { formatBytes } from '../../text/format.js';

/** Reading continues past the limit, so that all violations are reported, up to this multiple of it plus a constant. */
const LIMIT_FACTOR = 4;
const LIMIT_MARGIN = 256 << 20;

/** Bounds the bytes of tars and of their files: a small archive may decompress to any size. */
export class SizeBudget {
  #raw = 0;
  #contents = 0;

  /** @param limit bytes of files; @default unlimited */
  constructor(readonly limit = Infinity) {}

  /**
   * @param raw bytes of tars
   * @param contents bytes of files, as headers announce them
   * @throws DockerceptionError of kind limit, code LIMIT_EXCEEDED
   */
  spend(raw: number, contents: number): void {
    this.#raw += raw;
    this.#contents += contents;
    const spent = Math.max(this.#contents, this.#raw);
    if (spent <= this.limit * LIMIT_FACTOR + LIMIT_MARGIN) return;
    const message = `checking \`maxSize\`: it has more than ${formatBytes(spent)}, ${formatBytes(this.limit)} are allowed`;
    const hint = 'it was not read on; without `maxSize`, inspect shows what is in it';
    throw new DockerceptionError('limit', 'LIMIT_EXCEEDED', message, { hint });
  }
}

/** Bytes of an entry and of each byte of its name, measured over a million entries. */
const BYTES_PER_ENTRY = 1100;
const BYTES_PER_NAME_BYTE = 2;
/** The rest of the heap is for data derived from entries. */
const HEAP_FRACTION = 0.75;

/** Bounds the memory of entries, so that Node does not abort when its heap is full. */
export class MemoryBudget {
  #used = 0;

  /** @param limit bytes; @default a part of Node's heap limit */
  constructor(private readonly limit = getHeapStatistics().heap_size_limit * HEAP_FRACTION) {}

  /**
   * Reserves memory for an entry.
   * @param names bytes of its name, its target and its attributes
   * @returns the reserved bytes
   * @throws DockerceptionError of kind context, code TARGET_ENTRIES
   */
  reserve(names: number): number {
    const bytes = BYTES_PER_ENTRY + BYTES_PER_NAME_BYTE * names;
    if (this.#used + bytes > this.limit) {
      const hint = 'NODE_OPTIONS=--max-old-space-size=16000 gives it 16 GB';
      const message = 'there is no memory for more entries';
      throw new DockerceptionError('context', 'TARGET_ENTRIES', message, { hint });
    }
    this.#used += bytes;
    return bytes;
  }

  release(bytes: number): void {
    this.#used -= bytes;
  }
}
