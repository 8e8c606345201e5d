/** Unpacks recorded layers on top of each other, and describes the result as an inspection. */
import { DockerceptionError } from '../../errors.js';
import type { ContentSink } from '../../filesystem/content-sink.js';
import { Tree } from '../../filesystem/tree.js';
import { Unpacker } from '../../filesystem/unpack.js';
import type { ImageConfig } from '../../image/config.js';
import type { LayerFacts, Waste } from '../facts.js';
import { type ContextKind, findingsOf } from '../findings/index.js';
import type { ImageFacts, Inspection } from '../inspection.js';
import type { Content } from '../probe/content.js';
import { MemoryBudget } from './budgets.js';
import { LayerStack, type LayerStatistics } from './layer-stack.js';
import type { RecordedLayer } from './record-layer.js';
import { summarizeTree } from './summarize-tree.js';

/** A recorded layer, and its description in the image. */
export interface DescribedLayer {
  readonly recorded: RecordedLayer;
  readonly name: string;
  readonly digest?: string | undefined;
  /** Bytes of its blob, if that is compressed. */
  readonly compressed?: number | undefined;
}

export interface InspectionInput {
  readonly target: string;
  readonly image?: ImageFacts | undefined;
  readonly context?: ContextKind | undefined;
  /** From the lowest up. */
  readonly layers: readonly DescribedLayer[];
}

/**
 * Consumes the recorded entries.
 * @throws DockerceptionError of kind context: TAR_LINK, BUILD_LINKS, BUILD_NOT_A_DIRECTORY, TARGET_ENTRIES
 */
export async function inspectLayers(input: InspectionInput): Promise<Inspection> {
  const { target, image, context, layers } = input;
  const tree = new Tree();
  const stack = new LayerStack();
  const memory = new MemoryBudget();
  const contents: Content[] = [];
  for (const [at, { recorded, name }] of layers.entries()) {
    const firstContent = contents.length;
    for (const content of recorded.contents) contents.push(content);
    replayLayer(recorded, { tree, name, whiteouts: image !== undefined, firstContent, memory });
    stack.add(tree.freeze());
    if (layers.findLastIndex((other) => other.recorded === recorded) === at)
      recorded.entries.length = 0;
  }
  const { unmappable } = stack;
  const { root, waste } = summarizeTree(tree.freeze(), stack, (offset) => contents[offset]);
  const kind = image === undefined ? 'context' : 'image';
  return {
    kind,
    target,
    ...(image !== undefined && { image }),
    layers: layerFacts(layers, stack, waste, image),
    root,
    size: layers.reduce((sum, { recorded }) => sum + recorded.size, 0),
    waste,
    unmappable,
    findings: await findingsOf({ kind, context, root, image, unmappable }),
  };
}

export interface ReplayOptions {
  readonly tree: Tree;
  readonly name: string;
  /** Whether names that start with `.wh.` are whiteouts; in a context they are not. */
  readonly whiteouts: boolean;
  /** The number of its first content: its files' `offset`. */
  readonly firstContent: number;
  /** For the nodes, since an image may contain a layer many times. */
  readonly memory: MemoryBudget;
}

/**
 * Unpacks a recorded layer into a tree (OCI image-spec, layer.md, "Applying Changesets").
 * @throws DockerceptionError of kind context: TAR_LINK, BUILD_LINKS, BUILD_NOT_A_DIRECTORY, TARGET_ENTRIES
 */
export function replayLayer(
  { entries }: RecordedLayer,
  { tree, name, whiteouts, firstContent, memory }: ReplayOptions,
): void {
  let offset = 0;
  const contents: ContentSink = { begin: () => offset, append: () => undefined };
  const unpacker = new Unpacker({ tree, contents, name, whiteouts });
  try {
    for (const entry of entries) {
      memory.reserve(entry.bytes);
      offset = firstContent + entry.content;
      unpacker.entry(entry);
    }
  } catch (error) {
    if (!(error instanceof DockerceptionError)) throw error;
    // The tree's messages are about paths of instructions.
    const { code, message } = error;
    const full = message.startsWith('reading ') ? message : `reading ${name}: ${message}`;
    throw new DockerceptionError('context', code, full, { cause: error });
  }
  unpacker.end();
}

function layerFacts(
  layers: readonly DescribedLayer[],
  stack: LayerStack,
  waste: Waste,
  image: ImageFacts | undefined,
): LayerFacts[] {
  const wasted = new Map<number, number>();
  for (const { layer, size } of waste.hidden) wasted.set(layer, (wasted.get(layer) ?? 0) + size);
  const instructions = createdBy(image?.config, layers.length);
  return layers.map(({ recorded, digest, compressed }, index) => {
    const instruction = instructions[index];
    const { added, changed, removed } = stack.layers[index] as LayerStatistics;
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

/** The instruction of each layer (OCI image-spec, config.md, "history"); undefined if the history doesn't fit the layers. */
export function createdBy(
  config: ImageConfig | undefined,
  layers: number,
): readonly (string | undefined)[] {
  const made = (config?.history ?? []).filter(({ empty_layer: empty }) => empty !== true);
  if (made.length !== layers) return new Array<undefined>(layers).fill(undefined);
  return made.map(({ created_by: by }) => (by ? tidy(by) : undefined));
}

const SHELL = '/bin/sh -c ';
const NO_OPERATION = '#(nop) ';

/** As in a Dockerfile: without the shell that the classic builder and BuildKit add. */
function tidy(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  const plain = line.replace(/ # buildkit$/, '');
  const command = plain.replace(/^RUN /, '');
  // `|2 A=1 B=2 /bin/sh -c …`: the build's arguments come first.
  const hasShell = /^\|\d+ /.test(command) || command.startsWith(SHELL);
  const start = hasShell ? command.indexOf(SHELL) : -1;
  if (start === -1) return plain;
  const script = command.slice(start + SHELL.length);
  return script.startsWith(NO_OPERATION)
    ? script.slice(NO_OPERATION.length).trim()
    : `RUN ${script}`;
}
