/** An image that was put together in memory, as what checks look at: nothing of it is written or read again. */
import { setImmediate } from 'node:timers/promises';
import type { AssembledSystem } from '../../engine/engine.js';
import { type Directory, isDirectory, isFile, type Leaf } from '../../filesystem/node.js';
import { Tree } from '../../filesystem/tree.js';
import { fromBinary } from '../../text/binary.js';
import type { CheckOptions } from '../check-options.js';
import { findingsOf } from '../findings/index.js';
import type { Checked } from '../limits.js';
import type { Content } from '../probe/content.js';
import { type ContentHasher, contentHasher } from '../probe/content-hash.js';
import { ContentProbe } from '../probe/content-probe.js';
import { LayerStack } from './layer-stack.js';
import { lookAt } from './summarize-tree.js';

/** Files of an image that is looked into for its findings alone: entries take memory that a build has other uses for. */
const MOST_UNASKED = 250_000;
/** Bytes that are looked at in one go, and as many as a file is counted for beside its own. */
const AT_ONCE = 16 << 20;
const A_FILE = 8 << 10;

/**
 * What its files hold is looked at where it was kept; that of a base's files stays unknown. Undefined for one that has
 * too many to be looked at unasked: that is said.
 */
export async function inspectAssembled(
  { config, layers, content }: AssembledSystem,
  { name, context, limits, report, signal }: CheckOptions,
): Promise<Checked | undefined> {
  const top = layers.at(-1) ?? new Tree().freeze();
  if (limits === undefined && hasMore(filesOf(top), MOST_UNASKED)) {
    const message = `not checked: it has more than ${MOST_UNASKED.toLocaleString('en')} files; dockerception inspect does it`;
    report({ kind: 'notice', message });
    return undefined;
  }
  const stack = new LayerStack();
  for (const layer of layers) stack.add(layer);
  const contents = new Map<number, Content>();
  // Only repeated contents ask for all bytes.
  const look = new Look(limits?.maxWaste === undefined ? undefined : await contentHasher(), signal);
  for (const { path, file } of filesOf(top)) {
    const bytes = contents.has(file.offset) ? undefined : content(file);
    if (bytes === undefined) continue;
    contents.set(file.offset, await look.at(path, file, bytes));
  }
  const { root, waste } = lookAt(top, stack, (offset) => contents.get(offset));
  return {
    kind: 'image',
    target: name,
    layers: stack.layers,
    size: stack.layers.reduce((sum, { size }) => sum + size, 0),
    root,
    waste,
    unmappable: stack.unmappable,
    findings: await findingsOf({
      kind: 'image',
      context,
      root,
      image: { config },
      unmappable: stack.unmappable,
    }),
  };
}

/** Most files have nothing to tell. */
const NOTHING: Content = {};

class Look {
  readonly #probe = new ContentProbe();
  readonly #hasher: ContentHasher | undefined;
  readonly #signal: AbortSignal;
  #passed = 0;

  constructor(hasher: ContentHasher | undefined, signal: AbortSignal) {
    this.#hasher = hasher;
    this.#signal = signal;
  }

  /** Reads as much as can tell something. */
  async at(path: string, file: Leaf, bytes: Iterable<Buffer>): Promise<Content> {
    this.#probe.begin(path, file.mode & 0o7777, file.size);
    this.#hasher?.begin(file.size);
    await this.#pass(A_FILE);
    for (const chunk of bytes) {
      this.#probe.data(chunk);
      this.#hasher?.update(chunk);
      if (this.#hasher === undefined && this.#probe.satisfied) break;
      await this.#pass(chunk.length);
    }
    const probed = this.#probe.end() ?? NOTHING;
    return this.#hasher === undefined ? probed : { hash: this.#hasher.digest(), ...probed };
  }

  /** Nothing else gets a turn while files are read: a signal is noticed here. */
  async #pass(bytes: number): Promise<void> {
    this.#passed += bytes;
    if (this.#passed < AT_ONCE) return;
    this.#passed = 0;
    await setImmediate();
    this.#signal.throwIfAborted();
  }
}

/** Every file, with its absolute path, in the order in which contents came: they are read on, then. No recursion. */
function* filesOf(root: Directory): Generator<{ path: string; file: Leaf }> {
  const open = [{ prefix: '/', children: root.children.entries() }];
  for (let here = open.at(-1); here !== undefined; here = open.at(-1)) {
    const { done, value } = here.children.next();
    if (done === true) {
      open.pop();
      continue;
    }
    const [name, node] = value;
    const path = here.prefix + fromBinary(name);
    if (isDirectory(node)) open.push({ prefix: `${path}/`, children: node.children.entries() });
    else if (isFile(node)) yield { path, file: node };
  }
}

function hasMore(items: Iterator<unknown>, most: number): boolean {
  for (let left = most; left >= 0; left--) if (items.next().done === true) return false;
  return true;
}
