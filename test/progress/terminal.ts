/** As much of a terminal as the live display needs: text, wrapping, and six control sequences. */
import { Writable } from 'node:stream';

export class Terminal extends Writable {
  readonly isTTY = true;
  /** Every line there ever was; the screen is the last `rows` of them. */
  readonly lines: string[][] = [[]];
  cursorHidden = false;
  private row = 0;
  private column = 0;

  constructor(
    public columns = 60,
    public rows = 10,
  ) {
    super({ decodeStrings: false });
  }

  override _write(chunk: string, _encoding: string, callback: () => void): void {
    for (const part of chunk.match(/\x1b\[[?0-9;]*[A-Za-z]|[^]/gu) ?? []) this.take(part);
    callback();
  }

  /** What is there, without what is blank at the end. */
  text(): string {
    return this.lines
      .map((line) => Array.from(line, (char) => char ?? ' ').join(''))
      .join('\n')
      .trimEnd();
  }

  private take(part: string): void {
    const [, count, command] = /^\x1b\[\??([0-9;]*)([A-Za-z])$/.exec(part) ?? [];
    if (command === 'A') {
      const top = Math.max(this.lines.length - this.rows, 0);
      this.row = Math.max(this.row - Number(count || 1), top);
    } else if (command === 'J') {
      this.lines.length = this.row + 1;
      this.line().length = this.column;
    } else if (command === 'K') this.line().length = this.column;
    else if (command === 'h' || command === 'l') this.cursorHidden = command === 'l';
    else if (command === 'm') return;
    else if (command !== undefined || part === '\x1b')
      throw new Error(`unknown ${JSON.stringify(part)}`);
    else if (part === '\r') this.column = 0;
    else if (part === '\n') this.newLine();
    else if (part < ' ') throw new Error(`a control character ${JSON.stringify(part)}`);
    else {
      if (this.column >= this.columns) this.newLine();
      this.line()[this.column++] = part;
    }
  }

  private newLine(): void {
    this.row++;
    this.column = 0;
    while (this.lines.length <= this.row) this.lines.push([]);
  }

  private line(): string[] {
    return this.lines[this.row] as string[];
  }
}
