/**
 * The file system that layers make, entry by entry, in words: what two engines' images are compared
 * by. It shares no code with src/. OCI image-spec, layer.md, "Applying Changesets" and "Whiteouts".
 */
import { createHash } from 'node:crypto';
import { readTar } from '../../../support/read-tar.js';

/** Absolute paths, one character a byte, to what is there: `file 0644 0:0 "text"`. */
export type FileSystem = Readonly<Record<string, string>>;

interface Node {
  type: string;
  mode: number;
  owner: string;
  /** A link's target, a device's numbers, a file's content. */
  detail: string;
  xattrs: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '0': 'file',
  '2': 'symlink',
  '3': 'char',
  '4': 'block',
  '5': 'dir',
  '6': 'fifo',
};

/**
 * Applies layers, the lowest first. `whiteouts: false` takes a tar for a file system as it is.
 * Throws for what a layer should not have: a path twice, an entry below what isn't a directory.
 */
export function flatten(layers: readonly Buffer[], whiteouts = true): FileSystem {
  const nodes = new Map<string, Node>();
  for (const layer of layers) applyLayer(nodes, layer, whiteouts);
  return describe(nodes);
}

function applyLayer(nodes: Map<string, Node>, layer: Buffer, whiteouts: boolean): void {
  const entries = readTar(layer).entries.map((entry) => ({ ...entry, path: clean(entry.name) }));
  const isWhiteout = (path: string): boolean => whiteouts && baseOf(path).startsWith('.wh.');
  // A whiteout hides what is below its layer, wherever it stands in it.
  for (const { path } of entries.filter((entry) => isWhiteout(entry.path))) {
    const [parent, name] = [parentOf(path), baseOf(path).slice('.wh.'.length)];
    if (name === '.wh..opq') remove(nodes, parent, false);
    else remove(nodes, join(parent, name), true);
  }
  const seen = new Set<string>();
  for (const { path, typeflag, header, uid, gid, linkname, body, records } of entries) {
    if (path === '/' || isWhiteout(path)) continue;
    if (seen.has(path)) throw new Error(`twice in one layer: ${path}`);
    seen.add(path);
    for (let at = parentOf(path); at !== '/'; at = parentOf(at)) {
      const parent = nodes.get(at);
      if (parent === undefined) throw new Error(`no entry for the parent of ${path}`);
      if (parent.type !== 'dir') throw new Error(`below what is no directory: ${path}`);
    }
    if (typeflag === '1') {
      const target = nodes.get(clean(linkname));
      if (target === undefined) throw new Error(`a hard link to nothing: ${path}`);
      remove(nodes, path, true);
      nodes.set(path, target);
      continue;
    }
    const type = TYPES[typeflag];
    if (type === undefined) throw new Error(`an entry of type ${typeflag}: ${path}`);
    if (type !== 'dir' || nodes.get(path)?.type !== 'dir') remove(nodes, path, true);
    const xattrs = [...records]
      .filter(([key]) => key.startsWith('SCHILY.xattr.'))
      .map(([key, value]) => `${key.slice(13)}=${Buffer.from(value, 'latin1').toString('hex')}`);
    nodes.set(path, {
      type,
      mode: header.mode & 0o7777,
      owner: `${uid}:${gid}`,
      detail: detailOf(type, linkname, body, header.tail),
      xattrs: xattrs.sort().join(' '),
    });
  }
}

function detailOf(type: string, linkname: string, body: Buffer, tail: Buffer): string {
  if (type === 'symlink') return `-> ${linkname}`;
  if (type === 'char' || type === 'block')
    return [tail.toString('latin1', 0, 7), tail.toString('latin1', 8, 15)]
      .map((field) => parseInt(field, 8))
      .join(':');
  if (type !== 'file') return '';
  if (body.length <= 100) return JSON.stringify(body.toString('latin1'));
  return `${body.length} bytes ${createHash('sha256').update(body).digest('hex').slice(0, 16)}`;
}

function describe(nodes: ReadonlyMap<string, Node>): FileSystem {
  const first = new Map<Node, string>();
  const files: Record<string, string> = {};
  for (const path of [...nodes.keys()].sort()) {
    const node = nodes.get(path) as Node;
    const { type, mode, owner, detail, xattrs } = node;
    const linked = first.get(node);
    if (linked === undefined) first.set(node, path);
    files[path] = [
      type,
      mode.toString(8).padStart(4, '0'),
      owner,
      linked === undefined ? detail : `= ${linked}`,
      xattrs,
    ]
      .filter((word) => word !== '')
      .join(' ');
  }
  return files;
}

function remove(nodes: Map<string, Node>, path: string, itself: boolean): void {
  const prefix = path === '/' ? '/' : `${path}/`;
  for (const name of nodes.keys())
    if ((itself && name === path) || name.startsWith(prefix)) nodes.delete(name);
}

function clean(name: string): string {
  return `/${name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

function join(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
