/** A builder's file system in memory, and builders that look like those people have. */
import type { BuilderFiles } from '../../src/elf/builder-files.js';
import { elf, type ElfOptions } from './elf-writer.js';

/** By path: bytes or text, what a link says, or undefined for an empty directory. */
export type Tree = Readonly<
  Record<string, Buffer | string | { readonly link: string } | undefined>
>;

export interface MemoryFiles extends BuilderFiles {
  /** The paths that were asked for, in order. */
  readonly asked: { readonly lstat: string[]; readonly read: string[]; readonly list: string[] };
}

export function memoryFiles(...trees: readonly Tree[]): MemoryFiles {
  const tree = Object.assign({}, ...trees) as Tree;
  const directories = new Set(['/']);
  for (const path of Object.keys(tree)) {
    const parts = path.split('/').slice(1);
    const last = tree[path] === undefined ? parts.length : parts.length - 1;
    for (let depth = 1; depth <= last; depth++)
      directories.add(`/${parts.slice(0, depth).join('/')}`);
  }
  const asked = { lstat: [] as string[], read: [] as string[], list: [] as string[] };
  return {
    asked,
    lstat: async (path) => {
      asked.lstat.push(path);
      const node = tree[path];
      if (node === undefined) return directories.has(path) ? { type: 'directory' } : undefined;
      if (typeof node === 'string' || Buffer.isBuffer(node)) return { type: 'file' };
      return { type: 'symlink', target: node.link };
    },
    read: async (path) => {
      asked.read.push(path);
      const node = tree[path];
      return typeof node === 'string'
        ? Buffer.from(node)
        : Buffer.isBuffer(node)
          ? node
          : undefined;
    },
    list: async (path) => {
      asked.list.push(path);
      const all = [...Object.keys(tree), ...directories];
      const below = path === '/' ? '/' : `${path}/`;
      const names = all.filter((one) => one.startsWith(below) && one !== below);
      return [...new Set(names.map((one) => one.slice(below.length).split('/')[0] as string))];
    },
  };
}

export const library = (soname: string, options: ElfOptions = {}): Buffer =>
  elf({ soname, ...options });

const SYSTEM_DIRS = ['/lib/x86_64-linux-gnu/', '/usr/lib/x86_64-linux-gnu/', '/lib/', '/usr/lib/'];

/** Debian, merged: /lib and /lib64 are links, the loader is a link in /usr/lib64. */
export const debian: Tree = {
  '/lib': { link: 'usr/lib' },
  '/lib64': { link: 'usr/lib64' },
  '/usr/lib64/ld-linux-x86-64.so.2': { link: '/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2' },
  '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2': elf({
    soname: 'ld-linux-x86-64.so.2',
    text: SYSTEM_DIRS.join('\0'),
  }),
  '/usr/lib/x86_64-linux-gnu/libc.so.6': library('libc.so.6', {
    needed: ['ld-linux-x86-64.so.2'],
    interpreter: '/lib64/ld-linux-x86-64.so.2',
    imports: ['dlopen', 'getpwnam', 'localtime'],
    text: 'GLIBC_2.34\0/usr/share/zoneinfo',
  }),
  '/usr/lib/x86_64-linux-gnu/libgcc_s.so.1': library('libgcc_s.so.1', { needed: ['libc.so.6'] }),
  '/etc/ld.so.conf': 'include /etc/ld.so.conf.d/*.conf\n',
  '/etc/ld.so.conf.d/libc.conf': '# libc default configuration\n/usr/local/lib\n',
  '/etc/ld.so.conf.d/x86_64-linux-gnu.conf':
    '/usr/local/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu\n',
  '/usr/local/lib': undefined,
  '/usr/bin/apt-get': 'apt',
};

/** What every program there needs: the loader, the C library, and the links to both. */
export const DEBIAN_BASE = [
  '/lib',
  '/lib64',
  '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2',
  '/usr/lib/x86_64-linux-gnu/libc.so.6',
  '/usr/lib64/ld-linux-x86-64.so.2',
];

/** Alpine: the loader is the C library. */
export const alpine: Tree = {
  '/lib/ld-musl-x86_64.so.1': library('libc.musl-x86_64.so.1', { imports: ['dlopen'] }),
  '/lib/libc.musl-x86_64.so.1': { link: 'ld-musl-x86_64.so.1' },
  '/usr/lib': undefined,
  '/sbin/apk': 'apk',
};
