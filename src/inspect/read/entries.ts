/** The merged file system as entries: names in order, sizes summed up, contents beside their files. */
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
  typeOfMode,
} from '../../filesystem/node.js';
import { type Entry, type EntryKind, walk } from '../entry.js';
import type { Content } from '../probe/content.js';
import { readableName, readablePath, untaken } from './readable-name.js';

const KINDS: ReadonlyMap<number, EntryKind> = new Map([
  [DIRECTORY, 'directory'],
  [SYMLINK, 'symlink'],
  [CHAR_DEVICE, 'char-device'],
  [BLOCK_DEVICE, 'block-device'],
  [FIFO, 'fifo'],
]);

/** What is known of nodes beside themselves. */
export interface NodeFacts {
  layerOf(node: Node): number;
  contentOf(offset: number): Content | undefined;
}

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
  total: number;
  files: number;
  #below: string | undefined;

  constructor(
    readonly name: string,
    readonly parent: TreeEntry | undefined,
    node: Node,
    readonly layer: number,
    content: Content | undefined,
  ) {
    this.kind = KINDS.get(typeOfMode(node.mode)) ?? 'file';
    this.mode = node.mode & 0o7777;
    this.uid = node.uid;
    this.gid = node.gid;
    // A directory that no entry tells of has no time.
    this.mtime = node.mtime === NO_TIME ? 0 : node.mtime;
    this.size = isDirectory(node) ? 0 : node.size;
    const { target, links, device, xattrs } = node.extra ?? {};
    if (target !== undefined) this.target = readablePath(target);
    if (links !== undefined) this.links = links;
    if (device !== undefined) this.device = device;
    if (xattrs !== undefined) this.xattrs = xattrs;
    if (content !== undefined) this.content = content;
    this.total = 0;
    this.files = 0;
  }

  /** Put together when somebody asks: a hundred thousand paths take more room than their names. */
  get path(): string {
    return this.parent === undefined ? '/' : this.parent.below + this.name;
  }

  /** What stands in front of the names in a directory. Kept: there are far fewer of them than of files. */
  get below(): string {
    return (this.#below ??= this.parent === undefined ? '/' : `${this.path}/`);
  }
}

/** Makes the entries of a file system. Trees are deep: no recursion. */
export function entriesOf(root: Directory, facts: NodeFacts): Entry {
  const make = (name: string, node: Node, parent: TreeEntry | undefined): TreeEntry => {
    const content = isFile(node) ? facts.contentOf(node.offset) : undefined;
    const siblings = parent?.children;
    const shown = untaken(readableName(name), (taken) => siblings?.has(taken) === true);
    return new TreeEntry(shown, parent, node, facts.layerOf(node), content);
  };
  const top = make('', root, undefined);
  const open: { entry: TreeEntry; node: Directory }[] = [{ entry: top, node: root }];
  // Parents stand in front of their children: backwards, sums go up.
  const order: TreeEntry[] = [top];
  for (let here = open.pop(); here !== undefined; here = open.pop()) {
    const { entry, node } = here;
    entry.children = new Map();
    // Binary strings: their order is that of the bytes.
    for (const name of [...node.children.keys()].sort()) {
      const childNode = node.children.get(name) as Node;
      const child = make(name, childNode, entry);
      entry.children.set(child.name, child);
      order.push(child);
      if (isDirectory(childNode)) open.push({ entry: child, node: childNode });
    }
  }
  sumUp(top, order);
  return top;
}

function sumUp(top: TreeEntry, order: readonly TreeEntry[]): void {
  const firsts = firstNames(top);
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

/** Of a file with several names, the one that comes first when directories are walked in order. */
function firstNames(top: TreeEntry): ReadonlyMap<object, Entry> {
  const firsts = new Map<object, Entry>();
  for (const entry of walk(top))
    if (entry.links !== undefined && !firsts.has(entry.links)) firsts.set(entry.links, entry);
  return firsts;
}
