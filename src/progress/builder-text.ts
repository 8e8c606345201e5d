/** A builder's standard error, shown as it arrives, between the lines of a display. */
import { lastVersion, plainText } from '../text/terminal.js';

export class BuilderText {
  #open = false;

  /** The text to write for a piece of output. */
  piece(text: string): string {
    const parts = text.split('\n');
    const last = parts.pop() as string;
    if (text !== '') this.#open = last !== '';
    return parts.map((part) => `${plainText(part)}\n`).join('') + plainText(last);
  }

  /** The text to write before a line of the display. */
  close(): string {
    const open = this.#open;
    this.#open = false;
    return open ? '\n' : '';
  }
}

/** For displays that show complete lines. */
export class BuilderLines {
  #partial = '';

  /** The lines that this piece completes. */
  piece(text: string): string[] {
    const parts = (this.#partial + text).split('\n');
    this.#partial = parts.pop() as string;
    return parts.map(lastVersion);
  }

  /** The last line, if it is incomplete. */
  close(): string[] {
    const rest = this.#partial;
    this.#partial = '';
    return rest === '' ? [] : [lastVersion(rest)];
  }
}
