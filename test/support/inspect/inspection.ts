/** Inspections made by hand: file systems out of lists of paths, and what is said about them. */
import type { Entry, EntryKind } from '../../../src/inspect/entry.js';
import type { LayerFacts } from '../../../src/inspect/facts.js';
import type { Inspection } from '../../../src/inspect/inspection.js';
import type { Content } from '../../../src/inspect/probe/content.js';

/** What may be said of a path; a file, 0644, owned by root, in layer 0, unless it says otherwise. */
export interface MadeEntry {
  readonly path: string;
  readonly kind?: EntryKind;
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly layer?: number;
  readonly target?: string;
  readonly links?: object;
  readonly device?: { readonly major: number; readonly minor: number };
  readonly xattrs?: ReadonlyMap<string, Buffer>;
  readonly content?: Content;
}

type Writable = { -readonly [Key in keyof Omit<Entry, 'children'>]: Entry[Key] } & {
  children?: Map<string, Writable>;
};

/** 2024-01-01 */
const TIME = 1_704_067_200;

function makeEntry(parent: Writable | undefined, name: string, made: MadeEntry): Writable {
  const kind = made.kind ?? 'file';
  const front = parent === undefined || parent.path === '/' ? '' : parent.path;
  return {
    ...made,
    name,
    path: `${front}/${name}`,
    kind,
    mode: made.mode ?? (kind === 'directory' ? 0o755 : 0o644),
    uid: made.uid ?? 0,
    gid: made.gid ?? 0,
    mtime: made.mtime ?? TIME,
    size: kind === 'file' ? (made.size ?? 0) : 0,
    layer: made.layer ?? 0,
    parent,
    children: kind === 'directory' ? new Map<string, Writable>() : undefined,
    total: 0,
    files: 0,
  };
}

/** A root with all of the given below it; directories that nobody has named are made. */
function makeRoot(entries: Iterable<MadeEntry>): Entry {
  const root = makeEntry(undefined, '', { path: '/', kind: 'directory' });
  for (const made of entries) {
    const names = made.path.split('/').filter((name) => name !== '');
    const last = names.pop() as string;
    let here = root;
    for (const name of names) {
      let next = here.children?.get(name);
      if (next === undefined) {
        next = makeEntry(here, name, { path: '', kind: 'directory', layer: made.layer });
        here.children?.set(name, next);
      }
      here = next;
    }
    here.children?.set(last, makeEntry(here, last, made));
  }
  finish(root);
  return root;
}

/** Sorts, and adds up: a walk backwards, since trees are deep. */
function finish(root: Writable): void {
  const order: Writable[] = [];
  const counted = new Set<object>();
  const stack = [root];
  for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
    order.push(here);
    if (here.children === undefined) {
      here.files = here.kind === 'file' ? 1 : 0;
      here.total = here.links !== undefined && counted.has(here.links) ? 0 : here.size;
      if (here.links !== undefined) counted.add(here.links);
      continue;
    }
    const sorted = [...here.children].sort(([a], [b]) => Buffer.compare(bytes(a), bytes(b)));
    here.children = new Map(sorted);
    stack.push(...[...here.children.values()].reverse());
  }
  for (const { parent, total, files } of order.reverse()) {
    if (parent === undefined) continue;
    const above = parent as Writable;
    above.total += total;
    above.files += files;
  }
}

function bytes(name: string): Buffer {
  return Buffer.from(name);
}

export function makeLayer(index: number, facts: Partial<LayerFacts> = {}): LayerFacts {
  return {
    index,
    diffId: `sha256:${index.toString(16).padStart(64, '0')}`,
    raw: 10_240,
    contents: 0,
    entries: 0,
    added: 0,
    changed: 0,
    removed: 0,
    wasted: 0,
    ...facts,
  };
}

/** A context that has the given entries; `facts` says whatever else there is. */
export function makeInspection(
  entries: Iterable<MadeEntry>,
  facts: Partial<Inspection> = {},
): Inspection {
  const root = makeRoot(entries);
  return {
    kind: 'context',
    target: 'context.tar',
    layers: [makeLayer(0, { contents: root.total, diffId: undefined })],
    root,
    size: root.total,
    waste: { bytes: 0, hidden: [], duplicates: [] },
    unmappable: { first: [], count: 0 },
    findings: [],
    ...facts,
  };
}
