import { describe, expect, it } from 'vitest';
import { findLibraries } from '../../src/elf/find-libraries.js';
import { elf, type ElfOptions } from './elf-writer.js';
import { library, memoryFiles, type Tree } from './memory.js';

/** A system with one library in each of some directories: which of them is found. */
async function found(
  loader: string,
  machine: ElfOptions,
  directories: readonly string[],
  text?: string,
  tree: Tree = {},
): Promise<string | undefined> {
  const files = memoryFiles(
    { [loader]: elf({ ...machine, ...(text === undefined ? {} : { text }) }) },
    Object.fromEntries(directories.map((path) => [`${path}/liba.so`, library('liba.so', machine)])),
    { '/app': elf({ ...machine, interpreter: loader, needed: ['liba.so'] }) },
    tree,
  );
  const { paths, links } = await findLibraries([{ path: '/app' }], files);
  expect(links).toEqual([]);
  return paths.find((path) => path.endsWith('/liba.so'));
}

const x64 = { machine: 62 };

describe('a loader', () => {
  it('uses the directories that are compiled into the loader, as in Fedora and Nix', async () => {
    const loader = '/lib64/ld-linux-x86-64.so.2';
    expect(await found(loader, x64, ['/lib', '/usr/lib64'], '/lib64/\0/usr/lib64/')).toBe(
      '/usr/lib64/liba.so',
    );
    const nix = '/nix/store/0a-glibc-2.38/lib';
    const text = `/proc/self/\0x\0${nix}/`;
    expect(await found(`${nix}/ld-linux-x86-64.so.2`, x64, ['/lib', nix], text)).toBe(
      `${nix}/liba.so`,
    );
  });

  it.each([
    ['/lib64/ld-linux-x86-64.so.2', x64, '/lib/x86_64-linux-gnu', '/lib64'],
    ['/lib/ld-linux-aarch64.so.1', { machine: 183 }, '/usr/lib/aarch64-linux-gnu', '/usr/lib64'],
    ['/lib/ld-linux.so.2', { machine: 3, bits: 32 }, '/lib/i386-linux-gnu', '/lib'],
    [
      '/lib/ld-linux-armhf.so.3',
      { machine: 40, bits: 32, flags: 0x400 },
      '/lib/arm-linux-gnueabihf',
      '/usr/lib',
    ],
    [
      '/lib/ld-linux.so.3',
      { machine: 40, bits: 32, flags: 0x200 },
      '/lib/arm-linux-gnueabi',
      '/usr/lib',
    ],
    ['/lib/ld64.so.1', { machine: 22, bigEndian: true }, '/lib/s390x-linux-gnu', '/lib64'],
    ['/lib64/ld64.so.2', { machine: 21 }, '/lib/powerpc64le-linux-gnu', '/lib'],
    ['/lib/ld-strange.so.1', { machine: 9999 }, '/lib64', '/lib'],
  ] as const)('that does not, %s, has the usual ones', async (loader, machine, first, second) => {
    expect(await found(loader, machine, [first, second])).toBe(`${first}/liba.so`);
    expect(await found(loader, machine, [second])).toBe(`${second}/liba.so`);
  });

  it('of hard-float ARM passes over libraries with soft float', async () => {
    const soft = library('liba.so', { machine: 40, bits: 32, flags: 0x200 });
    const hard = { machine: 40, bits: 32, flags: 0x400 } as const;
    const tree = { '/lib/arm-linux-gnueabihf/liba.so': soft };
    expect(await found('/lib/ld-linux-armhf.so.3', hard, ['/usr/lib'], undefined, tree)).toBe(
      '/usr/lib/liba.so',
    );
  });
});
