/** A builder's standard error between lines of our own: shown as it comes, on lines of its own. */
import { lastVersion, plainText } from '../text/terminal.js';

/** For displays whose lines stay. */
export class BuilderText {
  #open = false;

  /** What to write for a piece of it. */
  piece(text: string): string {
    const parts = text.split('\n');
    const last = parts.pop() as string;
    if (text !== '') this.#open = last !== '';
    return parts.map((part) => `${plainText(part)}\n`).join('') + plainText(last);
  }

  /** What to write in front of a line of ours. */
  close(): string {
    const open = this.#open;
    this.#open = false;
    return open ? '\n' : '';
  }
}

/** For displays that show whole lines. */
export class BuilderLines {
  #partial = '';

  /** The lines that are whole with this piece. */
  piece(text: string): string[] {
    const parts = (this.#partial + text).split('\n');
    this.#partial = parts.pop() as string;
    return parts.map(lastVersion);
  }

  /** What is left. */
  close(): string[] {
    const rest = this.#partial;
    this.#partial = '';
    return rest === '' ? [] : [lastVersion(rest)];
  }
}
