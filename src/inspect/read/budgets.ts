/**
 * How much is read where a limit was set. What is a little past it is read to its end, so that everything
 * that is wrong can be told; but an archive of a few kilobytes can decompress to more than anybody waits for.
 */
import { DockerceptionError } from '../../errors.js';
import { formatBytes } from '../../text/format.js';

/** So many times the limit, and these bytes beside, are read. */
const TIMES = 4;
const SLACK = 256 << 20;

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
    if (Math.max(this.#contents, this.#raw) <= this.size * TIMES + SLACK) return;
    const found = formatBytes(Math.max(this.#contents, this.#raw));
    throw new DockerceptionError(
      'limit',
      'LIMIT_EXCEEDED',
      `checking --max-size: it has more than ${found}, ${formatBytes(this.size)} are allowed`,
      { hint: 'it was not read on; without --max-size, inspect shows what is in it' },
    );
  }
}
