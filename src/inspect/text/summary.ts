/** The first sections: what the target is, and its layers. */
import { familiarName } from '../../image/reference.js';
import { shellCommand } from '../../text/shell-quote.js';
import { truncate } from '../../text/terminal.js';
import { find } from '../entry.js';
import type { LayerFacts } from '../facts.js';
import { type ImageFacts, type Inspection, titleOf, userOf } from '../inspection.js';
import { escaped } from './fit.js';
import { SIZE_WIDTH, type Style } from './style.js';

const LABEL = 12;

export function* summaryLines(inspection: Inspection, style: Style): Generator<string> {
  const { image, target } = inspection;
  yield style.heading(style.rest(titleOf(inspection), 0));
  const rows = image === undefined ? contextRows(inspection) : imageRows(image, target, style);
  for (const [label, value] of [...rows, ...sizeRows(inspection, style)])
    yield `  ${style.paint('dim', label.padEnd(LABEL))}${style.rest(value, LABEL + 2)}`;
}

type Row = readonly [label: string, value: string];

function* imageRows(image: ImageFacts, target: string, { bars }: Style): Generator<Row> {
  const { names, id, platform } = image;
  const config = image.config.config ?? {};
  if (names.length > 1) yield ['also', names.slice(1).map(familiarName).join(', ')];
  const known = [...names, ...names.map(familiarName)];
  if (names.length > 0 && !known.includes(target)) yield ['target', target];
  // Docker shows twelve digits.
  yield ['ID', bars ? id.slice(0, 'sha256:'.length + 12) : id];
  yield ['platform', platform];
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  yield ['command', command.length === 0 ? 'none' : shellCommand(command)];
  if ((config.WorkingDir ?? '/') !== '/') yield ['workdir', config.WorkingDir as string];
  yield ['user', userOf(image)];
  const ports = Object.keys(config.ExposedPorts ?? {});
  if (ports.length > 0) yield ['ports', ports.join(', ')];
  const volumes = Object.keys(config.Volumes ?? {});
  if (volumes.length > 0) yield ['volumes', volumes.join(', ')];
}

function* contextRows({ root, layers }: Inspection): Generator<Row> {
  const dockerfile = find(root, '/Dockerfile');
  yield ['Dockerfile', dockerfile?.kind === 'file' ? 'yes' : 'none'];
  yield ['entries', String(layers.reduce((sum, { entries }) => sum + entries, 0))];
}

function* sizeRows(inspection: Inspection, style: Style): Generator<Row> {
  const { image, size, root, layers, waste } = inspection;
  const pulled = layers.reduce((sum, layer) => sum + (layer.compressed ?? NaN), 0);
  const parts = [
    style.bytes(size),
    plural(root.files, 'file'),
    ...(image === undefined ? [] : [plural(layers.length, 'layer')]),
    ...(Number.isNaN(pulled) || image === undefined ? [] : [`${style.bytes(pulled)} compressed`]),
  ];
  yield ['size', parts.join(', ')];
  const share = size > 0 ? `, ${((waste.bytes / size) * 100).toFixed(1)}%` : '';
  yield ['waste', waste.bytes === 0 ? 'none' : `${style.bytes(waste.bytes)}${share}`];
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** From the lowest up: sizes, and the instruction that created each. None for a context. */
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
  const whole = escaped(createdBy);
  // Shortened at the end, since the start matters most.
  return style.bars ? truncate(whole, columns) : whole;
}
