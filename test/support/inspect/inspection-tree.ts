/** Inspections from a few words: what displays, limits and comparisons are shown in their tests. */
import type { ContainerConfig } from '../../../src/image/config.js';
import type { Entry, EntryKind } from '../../../src/inspect/entry.js';
import type { Duplicate, Finding, HiddenFile, LayerFacts } from '../../../src/inspect/facts.js';
import type { ImageFacts, Inspection } from '../../../src/inspect/inspection.js';
import type { Content } from '../../../src/inspect/probe/content.js';

/** One entry; what isn't said is 0644 or 0755, 0:0, 2024-01-02 03:04:05, in layer 0. */
export interface Described {
  readonly kind?: EntryKind;
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly layer?: number;
  readonly target?: string;
  /** The path of the first name of this file, which stands before it by bytes. */
  readonly link?: string;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly xattrs?: Readonly<Record<string, string>>;
  readonly hash?: string;
  readonly content?: Content;
}

/**
 * Paths to a size, `-> target`, or more. A path that ends in `/` is a directory; directories above
 * are made as needed.
 */
export type Paths = Readonly<Record<string, number | string | Described>>;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Mutable extends Writable<Omit<Entry, 'children' | 'parent'>> {
  children?: Map<string, Mutable>;
  parent: Mutable | undefined;
}

const MTIME = Date.UTC(2024, 0, 2, 3, 4, 5) / 1000;

/** The root of a tree. */
export function treeOf(paths: Paths): Entry {
  const root = make(undefined, '', { kind: 'directory' });
  const links = new Map<string, object>();
  for (const value of Object.values(paths))
    if (typeof value === 'object' && value.link !== undefined) links.set(value.link, {});
  for (const [path, value] of Object.entries(paths)) {
    const described = describe(path, value);
    const link = described.link ?? (links.has(path) ? path : undefined);
    let parent = root;
    const names = path.split('/').filter((name) => name !== '');
    const last = names.pop();
    if (last === undefined) {
      Object.assign(root, attributes(described));
      continue;
    }
    for (const name of names)
      parent = child(parent, name) ?? make(parent, name, { kind: 'directory' });
    const made = make(parent, last, described);
    if (link !== undefined) made.links = links.get(link);
  }
  finish(root, new Set());
  return root;
}

/** An image, or with `kind: 'context'` a context, around a tree. */
export function inspectionOf(
  paths: Paths,
  more: {
    readonly kind?: Inspection['kind'];
    readonly target?: string;
    readonly names?: readonly string[];
    readonly config?: ContainerConfig;
    readonly layers?: readonly Partial<LayerFacts>[];
    readonly hidden?: readonly HiddenFile[];
    readonly duplicates?: readonly Duplicate[];
    readonly findings?: readonly Finding[];
    readonly unmappable?: Inspection['unmappable'];
  } = {},
): Inspection {
  const root = treeOf(paths);
  const { kind = 'image', target = 'app.tar', hidden = [], duplicates = [], findings = [] } = more;
  const hiddenBytes = hidden.reduce((sum, { size }) => sum + size, 0);
  const repeated = duplicates.reduce((sum, { wasted }) => sum + wasted, 0);
  const image: ImageFacts = {
    names: more.names ?? ['docker.io/library/app:latest'],
    id: `sha256:${'3f2a9c1b7d0e5a68'.repeat(4)}`,
    digest: `sha256:${'0123456789abcdef'.repeat(4)}`,
    platform: 'linux/amd64',
    config: {
      architecture: 'amd64',
      os: 'linux',
      config: more.config ?? { Entrypoint: ['/app'] },
      rootfs: { type: 'layers', diff_ids: [] },
    },
  };
  return {
    kind,
    target,
    ...(kind === 'image' && { image }),
    layers: (more.layers ?? [{}]).map((layer, index) => ({
      index,
      raw: root.total + 2048,
      contents: root.total,
      entries: 3,
      added: 3,
      changed: 0,
      removed: 0,
      wasted: 0,
      ...layer,
    })),
    root,
    size: root.total + hiddenBytes,
    waste: { bytes: hiddenBytes + repeated, hidden, duplicates },
    unmappable: more.unmappable ?? { first: [], count: 0 },
    findings,
  };
}

function describe(path: string, value: number | string | Described): Described {
  if (typeof value === 'number') return { size: value };
  if (typeof value === 'object')
    return path.endsWith('/') ? { kind: 'directory', ...value } : value;
  if (value.startsWith('-> ')) return { kind: 'symlink', target: value.slice(3) };
  return { kind: path.endsWith('/') ? 'directory' : 'file' };
}

function attributes(described: Described): Omit<Mutable, 'name' | 'path' | 'parent'> {
  const { kind = 'file', size = 0, uid = 0, gid = 0, mtime = MTIME, layer = 0 } = described;
  const { target, device, xattrs, hash } = described;
  const content = hash === undefined ? described.content : { ...described.content, hash };
  const usual = kind === 'symlink' ? 0o777 : kind === 'directory' ? 0o755 : 0o644;
  return {
    kind,
    mode: described.mode ?? usual,
    uid,
    gid,
    mtime,
    size,
    layer,
    total: 0,
    files: 0,
    ...(target !== undefined && { target }),
    ...(device !== undefined && { device }),
    ...(content !== undefined && { content }),
    ...(xattrs !== undefined && {
      xattrs: new Map(Object.entries(xattrs).map(([name, text]) => [name, Buffer.from(text)])),
    }),
  };
}

function make(parent: Mutable | undefined, name: string, described: Described): Mutable {
  const path = parent === undefined ? '/' : `${parent.path === '/' ? '' : parent.path}/${name}`;
  const made: Mutable = {
    name,
    path,
    parent,
    ...attributes(described),
    ...(described.kind === 'directory' && { children: new Map<string, Mutable>() }),
  };
  parent?.children?.set(name, made);
  return made;
}

function child(parent: Mutable, name: string): Mutable | undefined {
  return parent.children?.get(name);
}

/** Sorts by bytes, and adds up. */
function finish(entry: Mutable, seen: Set<object>): void {
  if (entry.kind === 'file') {
    const again = entry.links !== undefined && seen.has(entry.links);
    if (entry.links !== undefined) seen.add(entry.links);
    entry.total = again ? 0 : entry.size;
    entry.files = 1;
  }
  const { children } = entry;
  if (children === undefined) return;
  const sorted = [...children].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  children.clear();
  for (const [name, each] of sorted) {
    children.set(name, each);
    finish(each, seen);
    entry.total += each.total;
    entry.files += each.files;
  }
}
