/** Layers that were read, as one inspection. */
import type { Inspection, ImageFacts, LayerFacts, Waste } from './inspection.js';
import { createdBy } from './created-by.js';
import { entriesOf } from './entries.js';
import { findingsOf } from './findings/index.js';
import { Merge, type Merged } from './merge.js';
import type { RecordedLayer } from './record-layer.js';
import { wasteOf } from './waste.js';

/** A layer, and what its image says of it. */
export interface LayerPart {
  readonly recorded: RecordedLayer;
  /** What messages call it. */
  readonly name: string;
  readonly digest?: string | undefined;
  /** Bytes of its blob, where that is compressed. */
  readonly compressed?: number | undefined;
}

/** What is inspected. */
export interface Subject {
  readonly target: string;
  /** Undefined for a context. */
  readonly image?: ImageFacts | undefined;
  /** From the lowest up. */
  readonly layers: readonly LayerPart[];
}

/**
 * Puts layers upon each other and says what there is to say.
 * @throws DockerceptionError of kind context: TAR_LINK, BUILD_LINKS, BUILD_NOT_A_DIRECTORY
 */
export function inspectLayers({ target, image, layers }: Subject): Inspection {
  const merge = new Merge();
  for (const { recorded, name } of layers) merge.add(recorded, name, image !== undefined);
  const merged = merge.end();
  const kept = new Set<number>();
  const root = entriesOf(merged.root, {
    layerOf: (node) => merged.layerOf.get(node) ?? 0,
    contentOf: (offset) => {
      kept.add(offset);
      return merged.contents[offset]?.content;
    },
  });
  const waste = wasteOf(merged, root, kept);
  const kind = image === undefined ? 'context' : 'image';
  return {
    kind,
    target,
    ...(image !== undefined && { image }),
    layers: layerFacts(layers, merged, waste, image),
    root,
    size: layers.reduce((sum, { recorded }) => sum + recorded.size, 0),
    waste,
    findings: findingsOf({ kind, root, ...(image !== undefined && { image }) }),
  };
}

function layerFacts(
  layers: readonly LayerPart[],
  merged: Merged,
  waste: Waste,
  image: ImageFacts | undefined,
): LayerFacts[] {
  const wasted = new Map<number, number>();
  for (const { layer, size } of waste.hidden) wasted.set(layer, (wasted.get(layer) ?? 0) + size);
  const instructions = createdBy(image?.config, layers.length);
  return layers.map(({ recorded, digest, compressed }, index) => {
    const instruction = instructions[index];
    const { added, changed, removed } = merged.layers[index] as (typeof merged.layers)[number];
    return {
      index,
      ...(image !== undefined && { diffId: recorded.diffId }),
      ...(digest !== undefined && { digest }),
      ...(compressed !== undefined && { compressed }),
      raw: recorded.raw,
      contents: recorded.size,
      entries: recorded.entries.length,
      ...(instruction !== undefined && { createdBy: instruction }),
      added,
      changed,
      removed,
      wasted: wasted.get(index) ?? 0,
    };
  });
}
