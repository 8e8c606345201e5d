/** Two sizes against each other, in words. */
import { formatBytes } from '../../text/format.js';

/** `1/65`, `of it`; where it isn't smaller, how many times as large. */
export function ratioText(before: number, after: number): readonly [string, string] {
  if (before === after) return ['1×', 'the size'];
  if (before === 0) return [formatBytes(after), 'where nothing was'];
  if (after === 0) return ['nothing', 'is left'];
  if (after > before) return [`${rounded(after / before)}×`, 'the size'];
  return [`1/${rounded(before / after)}`, 'of it'];
}

function rounded(ratio: number): string {
  return ratio < 9.95
    ? ratio.toFixed(1).replace(/\.0$/, '')
    : Math.round(ratio).toLocaleString('en');
}
