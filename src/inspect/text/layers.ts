/** The layers, from the lowest up: what is pulled, what is unpacked, and the instruction that made each. */
import { truncate } from '../../text/terminal.js';
import type { Inspection, LayerFacts } from '../inspection.js';
import { shown } from './fit.js';
import { SIZE_WIDTH, type Style } from './style.js';

/** A context has one, of which there is nothing to tell. */
export function* layerLines({ kind, layers }: Inspection, style: Style): Generator<string> {
  if (kind === 'context' || layers.length === 0) return;
  const digits = Math.max(String(layers.length - 1).length, 'layers'.length - 2);
  const columns = ['pulled', 'unpacked'].map((name) => name.padStart(SIZE_WIDTH));
  const blank = ' '.repeat(style.shareWidth);
  const head = `${columns.join('  ')}  ${blank}  made by`;
  yield `${style.heading('layers'.padEnd(digits + 2))}  ${style.paint('dim', head)}`;
  const whole = style.bars
    ? Math.max(...layers.map(({ contents }) => contents))
    : layers.reduce((sum, { contents }) => sum + contents, 0);
  for (const layer of layers) {
    const { index, compressed, contents } = layer;
    const pulled = compressed === undefined ? '-'.padStart(SIZE_WIDTH) : style.size(compressed);
    const front = [`  ${String(index).padStart(digits)}`, pulled, style.size(contents)];
    const used = digits + 2 + 2 * (SIZE_WIDTH + 2) + style.shareWidth + 4;
    const share = style.share(contents, whole);
    yield `${front.join('  ')}  ${share}  ${instruction(layer, style, style.width - used)}`;
  }
}

function instruction({ createdBy = '-' }: LayerFacts, style: Style, columns: number): string {
  const whole = shown(createdBy);
  // Its beginning tells what it does: the end is what goes.
  return style.bars ? truncate(whole, columns) : whole;
}
