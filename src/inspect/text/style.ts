/** How the view looks: colours and bars where somebody looks, plain columns where a program reads. */
import { formatBytes } from '../../text/format.js';
import { cutMiddle, shown } from './fit.js';

/** What the caller knows of the output. */
export interface Look {
  /** Whether escape sequences may be used. */
  readonly colour: boolean;
  /** Whether it is a terminal: bars and guides are drawn, and names cut to fit. */
  readonly bars: boolean;
  /** Columns of the terminal; of no meaning without bars, where nothing is cut. */
  readonly width: number;
}

/** The sixteen colours that every terminal has, in the shades that its owner chose. */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 };

export type Paint = keyof typeof CODES;

/** `999.9 kB` */
export const SIZE_WIDTH = 8;

export class Style {
  readonly bars: boolean;
  readonly width: number;
  readonly barWidth: number;
  readonly #colour: boolean;

  constructor({ colour, bars, width }: Look) {
    this.#colour = colour;
    this.bars = bars;
    // Some terminals don't know how wide they are.
    this.width = bars ? Math.max(width || 80, 40) : Infinity;
    this.barWidth = Math.min(Math.max(Math.floor(width / 8), 6), 16);
  }

  /** The text has to be printable: see {@link name}. */
  paint(paint: Paint, text: string): string {
    return this.#colour && text !== '' ? `\x1b[${CODES[paint]}m${text}\x1b[0m` : text;
  }

  /** Of a section. */
  heading(text: string): string {
    return this.paint('bold', text);
  }

  /** `12.3 MB`; without a blank where columns are told apart by blanks. */
  bytes(bytes: number): string {
    const text = formatBytes(bytes);
    return this.bars ? text : text.replace(' ', '');
  }

  /** At the right of its column. */
  size(bytes: number): string {
    return this.bytes(bytes).padStart(SIZE_WIDTH);
  }

  /** A part of the whole: a bar, or a percentage. */
  share(part: number, whole: number, paint: Paint = 'cyan'): string {
    const share = whole > 0 ? Math.min(part / whole, 1) : 0;
    if (!this.bars) return `${(share * 100).toFixed(1)}%`.padStart(6);
    // What is not small is seen, if barely.
    const halves = Math.max(Math.round(share * this.barWidth * 2), share >= 0.01 ? 1 : 0);
    const bar = '━'.repeat(halves >> 1) + (halves % 2 === 1 ? '╸' : '');
    return this.paint(paint, bar) + ' '.repeat(this.barWidth - bar.length);
  }

  /** Columns that {@link share} takes. */
  get shareWidth(): number {
    return this.bars ? this.barWidth : 6;
  }

  /** A name from an image, in so many columns on a terminal, whole elsewhere. */
  name(text: string, columns: number): string {
    const whole = shown(text);
    return this.bars ? cutMiddle(whole, columns) : whole;
  }

  /** A name in what is left of a line behind `used` columns. */
  rest(text: string, used: number): string {
    return this.name(text, this.width - used);
  }
}
