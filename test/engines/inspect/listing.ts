/** File systems as lines that can be compared, from those who unpack images: an engine's export, umoci, GNU tar. */
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';

/** What `inspect --json` says of an entry, as far as tests compare it. */
interface JsonEntry {
  readonly path: string;
  readonly kind: string;
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size?: number;
  readonly target?: string;
  readonly hardlink?: string;
}

/** What `inspect --json` says, as far as tests compare it. */
export interface JsonInspection {
  readonly kind: string;
  readonly image?: {
    readonly id: string;
    readonly names: readonly string[];
    readonly platform: string;
  };
  readonly size: number;
  readonly total: number;
  readonly files: number;
  readonly layers: readonly {
    readonly digest?: string;
    readonly contents: number;
    readonly entries: number;
    readonly createdBy?: string;
  }[];
  readonly waste: { readonly bytes: number };
  readonly findings: readonly {
    readonly id: string;
    readonly severity: string;
    readonly path?: string;
  }[];
  readonly entries: readonly JsonEntry[];
}

/** A file's line; a link's size says nothing, nor does its mode. */
function line(
  path: string,
  kind: string,
  mode: number,
  owner: string,
  size: number,
  target: string,
): string {
  const bits = kind === 'symlink' ? '' : mode.toString(8).padStart(4, '0');
  return [path, kind, bits, owner, kind === 'file' ? size : '', target].join(' ');
}

export function ofInspection({ entries }: JsonInspection): string[] {
  return entries
    .filter(({ path }) => path !== '/')
    .map(({ path, kind, mode, uid, gid, size = 0, target = '' }) =>
      line(path, kind, parseInt(mode, 8), `${uid}:${gid}`, size, target),
    )
    .sort();
}

const KINDS: Readonly<Record<string, string>> = {
  file: 'file',
  link: 'file',
  symlink: 'symlink',
  directory: 'directory',
  'character-device': 'char-device',
  'block-device': 'block-device',
  fifo: 'fifo',
};

/** A flattened tar, as `docker export` writes it. */
export async function ofTar(tar: Readable): Promise<string[]> {
  const lines: string[] = [];
  const sizes = new Map<string, number>();
  const archive = tar.pipe(extract());
  for await (const entry of archive) {
    const { name, type, mode = 0, uid, gid, size = 0, linkname } = entry.header;
    const path = `/${name.replace(/^\.?\//, '').replace(/\/$/, '')}`;
    entry.resume();
    if (path === '/') continue;
    const kind = KINDS[type ?? 'file'] ?? String(type);
    const bytes = type === 'link' ? (sizes.get(`/${linkname}`) ?? -1) : size;
    sizes.set(path, bytes);
    const target = type === 'symlink' ? (linkname ?? '') : '';
    lines.push(line(path, kind, mode & 0o7777, `${uid}:${gid}`, bytes, target));
  }
  return lines.sort();
}

/** A folder on disk, as `umoci unpack` leaves it. */
export async function ofFolder(root: string): Promise<string[]> {
  const lines: string[] = [];
  for (const name of await names(root, '')) {
    const file = join(root, name);
    const stat = await lstat(file);
    const kind = stat.isFile()
      ? 'file'
      : stat.isDirectory()
        ? 'directory'
        : stat.isSymbolicLink()
          ? 'symlink'
          : stat.isCharacterDevice()
            ? 'char-device'
            : stat.isBlockDevice()
              ? 'block-device'
              : 'fifo';
    const target = kind === 'symlink' ? await readlink(file) : '';
    const { mode, uid, gid, size } = stat;
    lines.push(line(`/${name}`, kind, mode & 0o7777, `${uid}:${gid}`, size, target));
  }
  return lines.sort();
}

/** With no link followed: readdir by itself would go through those that lead to a folder of this machine. */
async function names(root: string, below: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const name = join(below, entry.name);
    found.push(name);
    if (entry.isDirectory()) found.push(...(await names(root, name)));
  }
  return found;
}
