import { describe, expect, it } from 'vitest';
import { findLibraries } from '../../src/elf/find-libraries.js';
import { elf, type ElfOptions } from './elf-writer.js';
import { alpine, library, memoryFiles, type Tree } from './memory.js';

const interpreter = '/lib/ld-musl-x86_64.so.1';
const libc = 'libc.musl-x86_64.so.1';

async function needs(options: ElfOptions, tree: Tree = {}) {
  const files = memoryFiles(alpine, { '/out/app': elf({ interpreter, ...options }) }, tree);
  const result = await findLibraries([{ path: '/out/app', dest: '/out/app' }], files);
  return { ...result, beyond: result.paths.filter((path) => path !== interpreter) };
}

const lib = (name: string, options: ElfOptions = {}): Buffer =>
  library(name, { needed: [libc], ...options });

describe('a program with musl', () => {
  it('needs the loader, which is the C library by all its names', async () => {
    const needed = [libc, 'libc.so', 'libm.so.6', 'libpthread.so.0', 'libdl.so.2'];
    expect((await needs({ needed })).paths).toEqual([interpreter]);
  });

  it('finds libraries in /lib, /usr/local/lib and /usr/lib', async () => {
    const tree = {
      '/usr/lib/liba.so': lib('liba.so', { needed: ['libb.so'] }),
      '/usr/local/lib/libb.so': lib('libb.so'),
      '/usr/lib/libb.so': lib('libb.so'),
    };
    const { beyond, links } = await needs({ needed: ['liba.so', libc] }, tree);
    expect(beyond).toEqual(['/usr/lib/liba.so', '/usr/local/lib/libb.so']);
    expect(links).toEqual([]);
  });

  it('finds them where ld-musl-x86_64.path says; what is elsewhere gets a link', async () => {
    const tree = {
      '/etc/ld-musl-x86_64.path': '/opt/lib:/usr/lib\n\n',
      '/opt/lib/liba.so': lib('liba.so'),
      '/usr/lib/libb.so': lib('libb.so'),
      '/lib/libb.so': lib('libb.so'),
    };
    const { beyond, links } = await needs({ needed: ['liba.so', 'libb.so'] }, tree);
    expect(beyond).toEqual(['/opt/lib/liba.so', '/usr/lib/libb.so']);
    expect(links).toEqual([{ path: '/lib/liba.so', target: '/opt/lib/liba.so' }]);
  });

  it('inherits RUNPATH as well as RPATH', async () => {
    const tree = {
      '/out/lib/liba.so': lib('liba.so', { needed: ['libb.so'] }),
      '/out/lib/libb.so': lib('libb.so'),
    };
    const { beyond } = await needs({ needed: ['liba.so'], runpath: '${ORIGIN}/lib' }, tree);
    expect(beyond).toEqual(['/out/lib/liba.so', '/out/lib/libb.so']);
  });

  it('ignores a path with an unknown token', async () => {
    const tree = { '/opt/liba.so': lib('liba.so') };
    await expect(needs({ needed: ['liba.so'], runpath: '/opt:/$LIB' }, tree)).rejects.toThrow(
      'finding liba.so',
    );
  });

  it('may have a loader that is a link into another folder', async () => {
    const files = memoryFiles({
      '/lib': { link: 'usr/lib' },
      '/usr/lib/ld-musl-x86_64.so.1': { link: 'x86_64-linux-musl/libc.so' },
      '/usr/lib/x86_64-linux-musl/libc.so': library('libc.so'),
      '/out/app': elf({ interpreter, needed: ['libc.so'] }),
    });
    expect((await findLibraries([{ path: '/out/app' }], files)).paths).toEqual([
      '/lib',
      '/usr/lib/ld-musl-x86_64.so.1',
      '/usr/lib/x86_64-linux-musl/libc.so',
    ]);
  });

  it('decides for libraries beside it', async () => {
    const tree = { '/out/mod.so': elf({ needed: ['libc.so'] }) };
    const files = memoryFiles(alpine, tree, { '/out/app': elf({ interpreter }) });
    const { paths, notices } = await findLibraries(
      [{ path: '/out/mod.so' }, { path: '/out/app' }],
      files,
    );
    expect([paths, notices]).toEqual([[interpreter], []]);
  });
});
