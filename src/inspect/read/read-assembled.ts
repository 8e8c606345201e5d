/** Inspects an image that the embedded engine has assembled in memory, without writing or reading it. */
import { setImmediate } from 'node:timers/promises';
import type { AssembledSystem } from '../../engine/engine.js';
import {
  type Directory,
  isDirectory,
  isFile,
  type Leaf,
  type Node,
} from '../../filesystem/node.js';
import { Tree } from '../../filesystem/tree.js';
import { fromBinary } from '../../text/binary.js';
import { depthFirst, hasMore } from '../entry.js';
import { findingsOf } from '../findings/index.js';
import type { CheckedImage, CheckOptions } from '../limits.js';
import type { Content } from '../probe/content.js';
import { ContentHasher } from '../probe/content-hash.js';
import { ContentProbe } from '../probe/content-probe.js';
import { LayerStack } from './layer-stack.js';
import { summarizeTree } from './summarize-tree.js';

/** Files up to which an image without limits is inspected, since entries take memory. */
export const MAX_FILES_UNLIMITED = 250_000;
/** Bytes that are read before other work gets a turn, and the bytes that a file counts for in addition to its own. */
const BYTES_PER_TURN = 16 << 20;
const BYTES_PER_FILE = 8 << 10;

/**
 * Reads contents where the engine stores them; those of a base image are unknown.
 * @returns undefined, after a notice, if there are no limits and the image has too many files
 */
export async function inspectAssembled(
  system: AssembledSystem,
  options: CheckOptions,
): Promise<CheckedImage | undefined> {
  const { layers, content } = system;
  const { limits, report, signal } = options;
  const top = layers.at(-1) ?? new Tree().freeze();
  if (limits === undefined && hasMore(filesOf(top), MAX_FILES_UNLIMITED)) {
    const message = `not checked: it has more than ${MAX_FILES_UNLIMITED.toLocaleString('en')} files; dockerception inspect does it`;
    report({ kind: 'notice', message });
    return undefined;
  }
  const contents = new Map<number, Content>();
  // Only the search for duplicates needs hashes of all contents.
  const hasher = limits?.maxWaste === undefined ? undefined : await ContentHasher.create();
  const probe = new ContentProbe();
  let sinceTurn = 0;
  for (const { path, file } of filesOf(top)) {
    const bytes = contents.has(file.offset) ? undefined : content(file);
    if (bytes === undefined) continue;
    probe.begin(path, file.size);
    hasher?.begin(file.size);
    sinceTurn += BYTES_PER_FILE;
    for (const chunk of bytes) {
      probe.data(chunk);
      hasher?.update(chunk);
      if (hasher === undefined && probe.satisfied) break;
      sinceTurn += chunk.length;
      if (sinceTurn < BYTES_PER_TURN) continue;
      // Yields to the event loop, so that a signal can arrive.
      sinceTurn = 0;
      await setImmediate();
      signal.throwIfAborted();
    }
    const probed = probe.end() ?? NO_FACTS;
    contents.set(file.offset, hasher === undefined ? probed : { hash: hasher.digest(), ...probed });
  }
  return summarizeSystem(system, contents, options);
}

/** @param contents the facts of all contents, by their offset */
export async function summarizeSystem(
  { config, layers }: Pick<AssembledSystem, 'config' | 'layers'>,
  contents: ReadonlyMap<number, Content>,
  { name, context }: CheckOptions,
): Promise<CheckedImage> {
  const stack = new LayerStack();
  for (const layer of layers) stack.add(layer);
  const top = layers.at(-1) ?? new Tree().freeze();
  const { layers: statistics, unmappable } = stack;
  const { root, waste } = summarizeTree(top, stack, (offset) => contents.get(offset));
  return {
    kind: 'image',
    target: name,
    layers: statistics,
    size: statistics.reduce((sum, { size }) => sum + size, 0),
    root,
    waste,
    unmappable,
    findings: await findingsOf({ kind: 'image', context, root, image: { config }, unmappable }),
  };
}

const NO_FACTS: Content = {};

/** Files with absolute paths, in the order of their contents where these are stored. */
export function* filesOf(root: Directory): Generator<{ path: string; file: Leaf }> {
  const top: readonly [path: string, node: Node] = ['', root];
  const all = depthFirst(top, ([path, node]) =>
    isDirectory(node)
      ? [...node.children].map(([name, child]) => [`${path}/${fromBinary(name)}`, child] as const)
      : [],
  );
  for (const [path, node] of all) if (isFile(node)) yield { path, file: node };
}
