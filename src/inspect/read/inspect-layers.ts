/** Layers that were read, as one inspection. */
import { Tree } from '../../filesystem/tree.js';
import { type ContextKind, findingsOf } from '../findings/index.js';
import type { ImageFacts, Inspection, LayerFacts, Waste } from '../inspection.js';
import type { Content } from '../probe/content.js';
import { createdBy } from './created-by.js';
import { type AppliedLayer, LayerStack } from './layer-stack.js';
import { Room } from './memory-budget.js';
import type { RecordedLayer } from './record-layer.js';
import { replayLayer } from './replay-layer.js';
import { lookAt } from './summarize-tree.js';

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
  /** Of a context: where it comes from. */
  readonly context?: ContextKind | undefined;
  /** From the lowest up. */
  readonly layers: readonly LayerPart[];
}

/**
 * Puts layers upon each other and says what there is to say. The recorded entries are used up.
 * @throws DockerceptionError of kind context: TAR_LINK, BUILD_LINKS, BUILD_NOT_A_DIRECTORY
 */
export async function inspectLayers(subject: Subject): Promise<Inspection> {
  const { target, image, context, layers } = subject;
  const tree = new Tree();
  const stack = new LayerStack();
  const room = new Room();
  const contents: Content[] = [];
  for (const [at, { recorded, name }] of layers.entries()) {
    const firstContent = contents.length;
    for (const content of recorded.contents) contents.push(content);
    replayLayer(recorded, { tree, name, whiteouts: image !== undefined, firstContent, room });
    stack.add(tree.freeze());
    if (layers.findLastIndex((other) => other.recorded === recorded) === at)
      recorded.entries.length = 0;
  }
  const { root, waste } = lookAt(tree.freeze(), stack, (offset) => contents[offset]);
  const kind = image === undefined ? 'context' : 'image';
  return {
    kind,
    target,
    ...(image !== undefined && { image }),
    layers: layerFacts(layers, stack, waste, image),
    root,
    size: layers.reduce((sum, { recorded }) => sum + recorded.size, 0),
    waste,
    unmappable: stack.unmappable,
    findings: await findingsOf({ kind, context, root, image, unmappable: stack.unmappable }),
  };
}

function layerFacts(
  layers: readonly LayerPart[],
  stack: LayerStack,
  waste: Waste,
  image: ImageFacts | undefined,
): LayerFacts[] {
  const wasted = new Map<number, number>();
  for (const { layer, size } of waste.hidden) wasted.set(layer, (wasted.get(layer) ?? 0) + size);
  const instructions = createdBy(image?.config, layers.length);
  return layers.map(({ recorded, digest, compressed }, index) => {
    const instruction = instructions[index];
    const { added, changed, removed } = stack.layers[index] as AppliedLayer;
    return {
      index,
      ...(image !== undefined && { diffId: recorded.diffId }),
      ...(digest !== undefined && { digest }),
      ...(compressed !== undefined && { compressed }),
      raw: recorded.raw,
      contents: recorded.size,
      entries: recorded.count,
      ...(instruction !== undefined && { createdBy: instruction }),
      added,
      changed,
      removed,
      wasted: wasted.get(index) ?? 0,
    };
  });
}
