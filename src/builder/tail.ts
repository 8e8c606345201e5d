/** The last lines of what a builder writes to its standard error, for the message of its failure. */

const LINES = 3;
/** Characters of a line, and of what is kept while it goes on. */
const LENGTH = 300;

export class Tail {
  #text = '';

  add(text: string): void {
    this.#text = (this.#text + text).slice(-LINES * LENGTH);
  }

  /** At most {@link LINES} lines with something in them, the oldest first. */
  lines(): readonly string[] {
    const lines = this.#text.split(/\r?\n|\r/).filter((line) => line.trim() !== '');
    return lines.slice(-LINES).map((line) => line.trim().slice(0, LENGTH));
  }
}
