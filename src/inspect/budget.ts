/**
 * How much may be read where a limit was set: what is past it is not worth reading on, and an archive
 * of a few kilobytes can decompress to more than anybody waits for.
 */
import { DockerceptionError } from '../errors.js';
import { formatBytes } from '../progress/format.js';

/** Bytes of headers, padding and metadata that a tar may have beside as many of files. */
const SLACK = 64 << 20;

export class Budget {
  #raw = 0;
  #contents = 0;

  /** @param size bytes of files that there may be; @default as many as there are */
  constructor(readonly size = Infinity) {}

  /**
   * Counts bytes of tars, and of the files that headers announce.
   * @throws DockerceptionError of kind limit, code LIMIT_EXCEEDED
   */
  spend(raw: number, contents: number): void {
    this.#raw += raw;
    this.#contents += contents;
    if (this.#contents <= this.size && this.#raw <= this.size + SLACK) return;
    const found = formatBytes(Math.max(this.#contents, this.#raw));
    throw new DockerceptionError(
      'limit',
      'LIMIT_EXCEEDED',
      `checking --max-size: it has more than ${found}, ${formatBytes(this.size)} are allowed`,
      { hint: 'it was not read on; without --max-size, inspect shows what is in it' },
    );
  }
}
