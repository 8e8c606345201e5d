/** The last line of a list that was cut short. */
import type { Style } from './style.js';

/** `34.5 kB  12 more`, where there are any. */
export function* moreLine<T>(
  rest: readonly T[],
  bytesOf: (item: T) => number,
  style: Style,
): Generator<string> {
  if (rest.length === 0) return;
  const bytes = rest.reduce((sum, item) => sum + bytesOf(item), 0);
  yield `  ${style.size(bytes)}  ${style.paint('dim', `${rest.length} more`)}`;
}
