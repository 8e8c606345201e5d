/** An image's layers, read from where they are, as an inspection. */
import { DockerceptionError } from '../../errors.js';
import { configJson } from '../../image/config-json.js';
import { digestOf } from '../../image/digest.js';
import type { Image } from '../../image/manifest.js';
import { formatPlatform, normalisePlatform } from '../../image/platform.js';
import { formatReference, tryParseReference } from '../../image/reference.js';
import { printable } from '../../text/printable.js';
import type { ImageFacts, Inspection } from '../inspection.js';
import { Budget } from './budgets.js';
import { inspectLayers, type LayerPart } from './inspect-layers.js';
import type { Wanted } from './layer-contents.js';
import { Room } from './memory-budget.js';
import { recordLayer } from './record-layer.js';

export interface ReadOptions {
  /** As it was asked for. */
  readonly target: string;
  readonly maxSize?: number | undefined;
  readonly signal: AbortSignal;
  readonly wanted?: Wanted | undefined;
}

/** Reads every layer once, as a stream, also one that is there twice. Throws of kind context, limit, engine; the signal's reason. */
export async function readImage(image: Image, options: ReadOptions): Promise<Inspection> {
  const { target, maxSize, signal, wanted } = options;
  const budget = new Budget(maxSize);
  const room = new Room();
  const layers: LayerPart[] = [];
  const known = new Map<string, LayerPart>();
  for (const descriptor of image.layers) {
    const same = known.get(descriptor.digest);
    if (same !== undefined) {
      layers.push(same);
      continue;
    }
    const name = `layer ${descriptor.digest.slice(0, 19)} of ${printable(image.name)}`;
    const blob = await image.blobs.open(descriptor);
    const recorded = await recordLayer(blob, {
      name,
      blob: descriptor.digest,
      budget,
      room,
      signal,
      expected: descriptor.size,
      wanted,
    });
    const isCompressed = /[+.](?:gzip|zstd|xz|bzip2)$/.test(descriptor.mediaType);
    const { digest, size } = descriptor;
    const part = { recorded, name, digest, ...(isCompressed && { compressed: size }) };
    known.set(digest, part);
    layers.push(part);
  }
  checkDiffIds(image, layers);
  return inspectLayers({ target, image: imageFacts(image), layers });
}

/** What an image says of itself, in one shape wherever it comes from. */
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

/** `docker.io/library/app:1`, each once; the tag alone, which layouts have beside it, says no more. */
function fullNames(names: readonly string[]): string[] {
  const full = names.map((name) => {
    const reference = name.includes(':') ? tryParseReference(name) : undefined;
    return reference === undefined ? name : formatReference(reference);
  });
  const whole = full.filter((name) => name.includes(':'));
  return [...new Set(whole.length > 0 ? whole : full)];
}

/** Engines refuse an image whose layers aren't what its configuration says (OCI image-spec, config.md, "rootfs"). */
export function checkDiffIds(image: Image, layers: readonly LayerPart[]): void {
  const told = image.config.rootfs.diff_ids;
  for (const [index, { recorded, name }] of layers.entries()) {
    if (recorded.diffId === told[index]) continue;
    throw new DockerceptionError(
      'context',
      'LAYER_DIFF_ID',
      `reading ${printable(name)}: its tar is ${recorded.diffId}, the configuration says ${printable(String(told[index]))}`,
      { hint: 'it was damaged, or put together from parts of two images: write it anew' },
    );
  }
}
