/**
 * The lines at the bottom of a terminal that are drawn again in place (ECMA-48 sequences). Nothing
 * else may write to the terminal while there are any.
 */
import { plainText, textWidth } from './text.js';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_BELOW = '\x1b[J';
const CLEAR_REST = '\x1b[K';

export class Region {
  /** The widths of the lines as they were drawn. */
  private drawn: number[] = [];
  private hidden = false;

  constructor(
    private readonly columns: () => number,
    private readonly rows: () => number,
  ) {}

  /** What to write so that `over` stays above and `lines`, cut to the screen, are below it. */
  redraw(over: readonly string[], lines: readonly string[]): string {
    if (over.length === 0 && lines.length === 0 && this.drawn.length === 0) return '';
    const shown = lines.slice(0, Math.max(this.rows() - 1, 1));
    const hide = this.hidden || shown.length === 0 ? '' : HIDE_CURSOR;
    this.hidden ||= hide !== '';
    const text = [...over, ...shown].map((line) => `${line}${CLEAR_REST}\n`).join('');
    // Lines that stay may be wider than the terminal, and then don't cover what was below.
    const start = this.toTop() + (over.length > 0 ? CLEAR_BELOW : '');
    this.drawn = shown.map((line) => textWidth(plainText(line)));
    return hide + start + text + CLEAR_BELOW;
  }

  /** What to write at the end. */
  end(): string {
    return this.hidden ? SHOW_CURSOR : '';
  }

  /** Back to the first line drawn. A terminal that got narrower has broken lines up. */
  private toTop(): string {
    const width = Math.max(this.columns(), 1);
    const height = this.drawn.reduce((sum, each) => sum + Math.max(Math.ceil(each / width), 1), 0);
    const up = Math.min(height, Math.max(this.rows() - 1, 1));
    return up > 0 ? `\x1b[${up}A\r` : '\r';
  }
}
