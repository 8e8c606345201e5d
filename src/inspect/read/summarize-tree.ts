/** The merged file system as entries with totals, and its waste. */
import {
  BLOCK_DEVICE,
  CHAR_DEVICE,
  DIRECTORY,
  type Directory,
  FIFO,
  isDirectory,
  isFile,
  NO_TIME,
  type Node,
  SYMLINK,
  TYPE_BITS,
} from '../../filesystem/node.js';
import { type Entry, type EntryKind, walk } from '../entry.js';
import type { Duplicate, Waste } from '../facts.js';
import type { Content } from '../probe/content.js';
import type { LayerStack } from './layer-stack.js';
import { readableName, readablePath, uniqueName } from './readable-name.js';

type ContentOf = (offset: number) => Content | undefined;

/** @param contentOf the facts about a content, by its file's `offset` */
export function summarizeTree(
  root: Directory,
  stack: LayerStack,
  contentOf: ContentOf,
): { readonly root: Entry; readonly waste: Waste } {
  const visible = new Set<number>();
  const top = entriesOf(root, stack, (offset) => {
    visible.add(offset);
    return contentOf(offset);
  });
  const hidden = [...stack.hidden]
    .flatMap(([offset, file]) => (visible.has(offset) ? [] : [file]))
    .sort((a, b) => b.size - a.size || (a.path < b.path ? -1 : 1));
  const duplicates = duplicatesOf(top);
  const bytes =
    hidden.reduce((sum, { size }) => sum + size, 0) +
    duplicates.reduce((sum, { wasted }) => sum + wasted, 0);
  return { root: top, waste: { bytes, hidden, duplicates } };
}

const KINDS: ReadonlyMap<number, EntryKind> = new Map([
  [DIRECTORY, 'directory'],
  [SYMLINK, 'symlink'],
  [CHAR_DEVICE, 'char-device'],
  [BLOCK_DEVICE, 'block-device'],
  [FIFO, 'fifo'],
]);

class TreeEntry implements Entry {
  readonly kind: EntryKind;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  readonly target?: string;
  readonly links?: object;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly xattrs?: ReadonlyMap<string, Buffer>;
  readonly content?: Content;
  children?: Map<string, TreeEntry>;
  total = 0;
  files = 0;
  #prefix: string | undefined;

  constructor(
    readonly name: string,
    readonly parent: TreeEntry | undefined,
    node: Node,
    readonly layer: number,
    content: Content | undefined,
  ) {
    this.kind = KINDS.get(node.mode & TYPE_BITS) ?? 'file';
    this.mode = node.mode & 0o7777;
    this.uid = node.uid;
    this.gid = node.gid;
    // A directory without an entry has no time.
    this.mtime = node.mtime === NO_TIME ? 0 : node.mtime;
    this.size = isDirectory(node) ? 0 : node.size;
    const { target, links, device, xattrs } = node.extra ?? {};
    if (target !== undefined) this.target = readablePath(target);
    if (links !== undefined) this.links = links;
    if (device !== undefined) this.device = device;
    if (xattrs !== undefined) this.xattrs = xattrs;
    if (content !== undefined) this.content = content;
  }

  /** Computed on demand, since paths take more memory than names. */
  get path(): string {
    return this.parent === undefined ? '/' : this.parent.prefix + this.name;
  }

  /** The prefix of the paths in a directory, which is cached. */
  get prefix(): string {
    return (this.#prefix ??= this.parent === undefined ? '/' : `${this.path}/`);
  }
}

/** Not recursive, since trees may be deep. */
function entriesOf(root: Directory, stack: LayerStack, contentOf: ContentOf): Entry {
  const make = (name: string, node: Node, parent: TreeEntry | undefined): TreeEntry => {
    const content = isFile(node) ? contentOf(node.offset) : undefined;
    const siblings = parent?.children;
    const shown = uniqueName(readableName(name), (taken) => siblings?.has(taken) === true);
    return new TreeEntry(shown, parent, node, stack.layerOf(node), content);
  };
  const top = make('', root, undefined);
  const open: { entry: TreeEntry; node: Directory }[] = [{ entry: top, node: root }];
  // Parents precede their children.
  const order: TreeEntry[] = [top];
  for (let here = open.pop(); here !== undefined; here = open.pop()) {
    const { entry, node } = here;
    entry.children = new Map();
    // Binary strings sort by bytes.
    for (const name of [...node.children.keys()].sort()) {
      const childNode = node.children.get(name) as Node;
      const child = make(name, childNode, entry);
      entry.children.set(child.name, child);
      order.push(child);
      if (isDirectory(childNode)) open.push({ entry: child, node: childNode });
    }
  }
  addTotals(top, order);
  return top;
}

function addTotals(top: TreeEntry, order: readonly TreeEntry[]): void {
  const isLinked = order.some(({ links }) => links !== undefined);
  const firsts = isLinked ? firstNames(top) : new Map<object, Entry>();
  for (let at = order.length - 1; at >= 0; at--) {
    const entry = order[at] as TreeEntry;
    if (entry.kind === 'file') {
      entry.files = 1;
      if (entry.links === undefined || firsts.get(entry.links) === entry) entry.total = entry.size;
    }
    if (entry.parent === undefined) continue;
    entry.parent.total += entry.total;
    entry.parent.files += entry.files;
  }
}

/** The first name of each file with several names, in the order of the walk. */
function firstNames(top: TreeEntry): ReadonlyMap<object, Entry> {
  const firsts = new Map<object, Entry>();
  for (const entry of walk(top))
    if (entry.links !== undefined && !firsts.has(entry.links)) firsts.set(entry.links, entry);
  return firsts;
}

function duplicatesOf(root: Entry): Duplicate[] {
  const firsts = new Map<string, Entry>();
  const same = new Map<Entry, Entry[]>();
  for (const entry of walk(root)) {
    const hash = entry.content?.hash;
    // Of a file with several names, the first has a total.
    if (entry.kind !== 'file' || entry.total === 0 || hash === undefined) continue;
    const first = firsts.get(hash);
    if (first === undefined) firsts.set(hash, entry);
    // The hash is no proof.
    else if (first.size === entry.size) {
      const others = same.get(first);
      if (others === undefined) same.set(first, [first, entry]);
      else others.push(entry);
    }
  }
  const duplicates = [...same].map(([{ size }, entries]) => {
    const paths = entries.map(({ path }) => path);
    return { size, wasted: size * (entries.length - 1), paths };
  });
  return duplicates.sort((a, b) => b.wasted - a.wasted || (a.paths < b.paths ? -1 : 1));
}
