/** Inspects an image whose layers can be read in any order. */
import { DockerceptionError } from '../../errors.js';
import { configJson } from '../../image/config.js';
import type { Descriptor } from '../../image/descriptor.js';
import { digestOf } from '../../image/digest.js';
import type { Image } from '../../image/manifest.js';
import { formatPlatform, normalisePlatform } from '../../image/platform.js';
import { formatReference, tryParseReference } from '../../image/reference.js';
import { printable } from '../../text/printable.js';
import type { ImageFacts, Inspection } from '../inspection.js';
import { MemoryBudget, SizeBudget } from './budgets.js';
import { type DescribedLayer, inspectLayers } from './inspect-layers.js';
import type { ListenerFor } from './layer-contents.js';
import { type RecordedLayer, recordLayer } from './record-layer.js';

export interface ReadOptions {
  /** As the user named it. */
  readonly target: string;
  /** Bytes of files in a layer, or in the context. @default unlimited */
  readonly maxSize?: number | undefined;
  readonly signal: AbortSignal;
  readonly listenerFor?: ListenerFor | undefined;
}

/** Reads each different layer once, as a stream. Throws of kind context, limit, engine; the signal's reason. */
export async function readImage(image: Image, options: ReadOptions): Promise<Inspection> {
  const { target, maxSize, signal, listenerFor } = options;
  const [budget, memory] = [new SizeBudget(maxSize), new MemoryBudget()];
  const known = new Map<string, DescribedLayer>();
  for (const descriptor of image.layers) {
    const { digest, size } = descriptor;
    if (known.has(digest)) continue;
    const name = layerName(digest, printable(image.name));
    const blob = await image.blobs.open(descriptor);
    const context = { budget, memory, signal, listenerFor };
    const recorded = await recordLayer(blob, { ...context, name, blob: digest, expected: size });
    known.set(digest, describe(recorded, descriptor, name));
  }
  const layers = image.layers.map(({ digest }) => known.get(digest) as DescribedLayer);
  checkDiffIds(image, layers);
  return inspectLayers({ target, image: imageFacts(image), layers });
}

export function layerName(digest: string, image: string): string {
  return `layer ${digest.slice(0, 19)} of ${image}`;
}

export function describe(
  recorded: RecordedLayer,
  { digest, mediaType, size }: Descriptor,
  name: string,
): DescribedLayer {
  const isCompressed = /[+.](?:gzip|zstd|xz|bzip2)$/.test(mediaType);
  return { recorded, name, digest, ...(isCompressed && { compressed: size }) };
}

export function imageFacts(image: Image): ImageFacts {
  const { config, digest } = image;
  return {
    names: fullNames(image.names ?? []),
    id: image.id ?? digestOf(configJson(config)),
    ...(digest !== undefined && { digest }),
    platform: formatPlatform(normalisePlatform(config)),
    config,
  };
}

/** `docker.io/library/app:1`, each once. A tag alone, as layouts have it, is left out if there are full names. */
function fullNames(names: readonly string[]): string[] {
  const full = names.map((name) => {
    const reference = name.includes(':') ? tryParseReference(name) : undefined;
    return reference === undefined ? name : formatReference(reference);
  });
  const whole = full.filter((name) => name.includes(':'));
  return [...new Set(whole.length > 0 ? whole : full)];
}

/** Checks what engines check: OCI image-spec, config.md, "rootfs". */
export function checkDiffIds(image: Image, layers: readonly DescribedLayer[]): void {
  const expected = image.config.rootfs.diff_ids;
  for (const [index, { recorded, name }] of layers.entries()) {
    if (recorded.diffId === expected[index]) continue;
    const message = `reading ${printable(name)}: its tar is ${recorded.diffId}, the configuration says ${printable(String(expected[index]))}`;
    const hint = 'it was damaged, or put together from parts of two images: write it again';
    throw new DockerceptionError('context', 'LAYER_DIFF_ID', message, { hint });
  }
}
