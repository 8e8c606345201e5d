/** Entry trees out of a table of paths, with contents as the probe sees them. */
import type { ContainerConfig } from '../../src/image/config.js';
import type { Entry, EntryKind } from '../../src/inspect/entry.js';
import type { Subject } from '../../src/inspect/findings/index.js';
import type { ImageFacts } from '../../src/inspect/inspection.js';
import { ContentProbe } from '../../src/inspect/probe/content-probe.js';

interface Node {
  /** @default 'file', or 'symlink' with a target */
  readonly kind?: EntryKind;
  readonly bytes?: Buffer | string;
  readonly link?: string;
  /** @default 0755; of text that is no script 0644; of links 0777 */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Of a file that nobody looked into. */
  readonly unknown?: true;
  readonly size?: number;
  readonly xattrs?: ReadonlyMap<string, Buffer>;
}

/** By path: bytes or text of a file, undefined for an empty directory, or all there is to say. */
export type Table = Readonly<Record<string, Buffer | string | undefined | Node>>;

type Growing = { -readonly [Key in keyof Entry]: Entry[Key] };

function treeOf(...tables: readonly Table[]): Entry {
  const root = directory('', '/', undefined);
  const table = Object.assign({}, ...tables) as Table;
  const probe = new ContentProbe();
  for (const [path, given] of Object.entries(table)) {
    const parts = path.split('/').slice(1);
    const name = parts.pop() as string;
    const parent = parts.reduce<Growing>((folder, part) => {
      const known = childrenOf(folder).get(part);
      if (known?.kind === 'directory') return known;
      const made = directory(part, `${folder.path === '/' ? '' : folder.path}/${part}`, folder);
      childrenOf(folder).set(part, made);
      return made;
    }, root);
    const node: Node =
      given === undefined
        ? { kind: 'directory' }
        : typeof given === 'string' || Buffer.isBuffer(given)
          ? { bytes: given }
          : given;
    const known = childrenOf(parent).get(name);
    if (node.kind === 'directory') {
      const folder = known ?? directory(name, path, parent);
      folder.mode = node.mode ?? folder.mode;
      folder.uid = node.uid ?? 0;
      folder.gid = node.gid ?? 0;
      childrenOf(parent).set(name, folder);
    } else childrenOf(parent).set(name, leaf(name, path, parent, node, probe));
  }
  count(root);
  return root;
}

/** Bytes and files of every folder, from those of what is in it. */
function count(folder: Growing): void {
  for (const child of childrenOf(folder).values()) {
    if (child.kind === 'directory') count(child);
    folder.total += child.total;
    folder.files += child.files;
  }
}

function directory(name: string, path: string, parent: Entry | undefined): Growing {
  const children = new Map<string, Entry>();
  return { ...blank(name, path, parent), kind: 'directory', mode: 0o755, files: 0, children };
}

function childrenOf(folder: Entry): Map<string, Growing> {
  return folder.children as Map<string, Growing>;
}

function leaf(name: string, path: string, parent: Entry, node: Node, probe: ContentProbe): Growing {
  const bytes = Buffer.from(node.bytes ?? '');
  const isProgram = bytes.toString('latin1', 0, 2) === '#!' || bytes[0] === 0x7f;
  const kind = node.kind ?? (node.link === undefined ? 'file' : 'symlink');
  const content =
    kind !== 'file' || node.unknown === true ? undefined : (probed(probe, path, bytes) ?? {});
  return {
    ...blank(name, path, parent),
    kind,
    mode: node.mode ?? (kind === 'symlink' ? 0o777 : isProgram ? 0o755 : 0o644),
    uid: node.uid ?? 0,
    gid: node.gid ?? 0,
    size: node.size ?? (kind === 'file' ? bytes.length : 0),
    total: node.size ?? (kind === 'file' ? bytes.length : 0),
    files: kind === 'file' ? 1 : 0,
    ...(node.link === undefined ? {} : { target: node.link }),
    ...(content === undefined ? {} : { content }),
    ...(node.xattrs === undefined ? {} : { xattrs: node.xattrs }),
    ...(kind.endsWith('device') ? { device: { major: 1, minor: 3 } } : {}),
  };
}

function blank(name: string, path: string, parent: Entry | undefined): Growing {
  return {
    ...{
      name,
      path,
      parent,
      kind: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: 0,
      size: 0,
      layer: 0,
    },
    ...{ total: 0, files: 1 },
  };
}

function probed(probe: ContentProbe, path: string, bytes: Buffer) {
  probe.begin(path, bytes.length);
  probe.data(bytes);
  return probe.end();
}

export interface Facts extends ContainerConfig {
  /** @default 'amd64' */
  readonly architecture?: string;
  readonly os?: string;
}

export function imageOf(facts: Facts, ...tables: readonly Table[]): Subject {
  const { architecture = 'amd64', os = 'linux', ...config } = facts;
  const image: ImageFacts = {
    names: ['app:latest'],
    id: `sha256:${'0'.repeat(64)}`,
    platform: `${os}/${architecture}`,
    config: { architecture, os, config, rootfs: { type: 'layers', diff_ids: [] } },
  };
  return { kind: 'image', root: treeOf(...tables), image };
}

export function contextOf(...tables: readonly Table[]): Subject {
  return { kind: 'context', root: treeOf(...tables) };
}
