/** The biggest files. */
import { type Entry, walk } from '../entry.js';
import type { Inspection } from '../inspection.js';
import { SIZE_WIDTH, type Style } from './style.js';

const MOST = 10;

/** A file with several names is told under the first. */
export function* biggestLines({ root }: Inspection, style: Style): Generator<string> {
  const files = biggest(root);
  if (files.length === 0) return;
  yield style.heading('biggest files');
  // Bars tell them from each other, percentages from the rest.
  const whole = style.bars ? (files[0]?.total ?? 0) : root.total;
  for (const { path, total } of files) {
    const share = style.share(total, whole);
    const used = SIZE_WIDTH + style.shareWidth + 6;
    yield `  ${style.size(total)}  ${share}  ${style.rest(path, used)}`;
  }
}

function biggest(root: Entry): readonly Entry[] {
  const found: Entry[] = [];
  for (const entry of walk(root)) {
    if (entry.kind !== 'file' || entry.total <= (found[MOST - 1]?.total ?? 0)) continue;
    const at = found.findIndex(({ total }) => total < entry.total);
    found.splice(at < 0 ? found.length : at, 0, entry);
    found.length = Math.min(found.length, MOST);
  }
  return found;
}
