/** The style of the text view: colours and bars for a terminal, plain columns for programs. */
import { formatBytes } from '../../text/format.js';
import { cutMiddle, escaped } from './fit.js';

export interface StyleOptions {
  /** Whether escape sequences may be used. */
  readonly colour: boolean;
  /** Whether bars and guides are drawn and names are shortened, for a terminal. */
  readonly bars: boolean;
  /** Columns of the terminal; ignored without bars. */
  readonly width: number;
}

/** SGR codes of the colours that every terminal supports. */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 };

export type Colour = keyof typeof CODES;

/** `999.9 kB` */
export const SIZE_WIDTH = 8;

export class Style {
  readonly bars: boolean;
  readonly width: number;
  readonly barWidth: number;
  readonly #colour: boolean;

  constructor({ colour, bars, width }: StyleOptions) {
    this.#colour = colour;
    this.bars = bars;
    // The width of some terminals is unknown.
    this.width = bars ? Math.max(width || 80, 40) : Infinity;
    this.barWidth = Math.min(Math.max(Math.floor(width / 8), 6), 16);
  }

  /** @param text printable: see {@link rest} */
  paint(colour: Colour, text: string): string {
    return this.#colour && text !== '' ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text;
  }

  heading(text: string): string {
    return this.paint('bold', text);
  }

  /** `12.3 MB`; without a space in plain columns, which spaces separate. */
  bytes(bytes: number): string {
    const text = formatBytes(bytes);
    return this.bars ? text : text.replace(' ', '');
  }

  size(bytes: number): string {
    return this.bytes(bytes).padStart(SIZE_WIDTH);
  }

  /** A part of the whole, as a bar or a percentage. */
  share(part: number, whole: number, colour: Colour = 'cyan'): string {
    const share = whole > 0 ? Math.min(part / whole, 1) : 0;
    if (!this.bars) return `${(share * 100).toFixed(1)}%`.padStart(6);
    // At least half a column from 1% on.
    const halves = Math.max(Math.round(share * this.barWidth * 2), share >= 0.01 ? 1 : 0);
    const bar = '━'.repeat(halves >> 1) + (halves % 2 === 1 ? '╸' : '');
    return this.paint(colour, bar) + ' '.repeat(this.barWidth - bar.length);
  }

  get shareWidth(): number {
    return this.bars ? this.barWidth : 6;
  }

  /** A name from an image, printable, shortened to the rest of a terminal's line after `used` columns. */
  rest(text: string, used: number): string {
    const whole = escaped(text);
    return this.bars ? cutMiddle(whole, this.width - used) : whole;
  }

  /** The last line of a shortened list, unless nothing was left out: `34.5 kB  12 more`. */
  *more<T>(items: readonly T[], bytesOf: (item: T) => number): Generator<string> {
    if (items.length === 0) return;
    const bytes = items.reduce((sum, item) => sum + bytesOf(item), 0);
    yield `  ${this.size(bytes)}  ${this.paint('dim', `${items.length} more`)}`;
  }
}
