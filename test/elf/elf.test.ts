import { describe, expect, it } from 'vitest';
import { helloProgram } from '../../samples/hello/elf.js';
import { openElf, readElf, readObject } from '../../src/elf/elf.js';
import { ElfGap, type ElfPart } from '../../src/elf/elf-bytes.js';
import { DockerceptionError } from '../../src/errors.js';
import { elf, type ElfOptions } from './elf-writer.js';

const SYMBOLS = new Set(['dlopen', 'getpwnam']);
const read = (options: ElfOptions) => readElf(elf(options), '/app', SYMBOLS);

/** Reads what is damaged: fails with an error of ours at worst. */
function readDamaged(content: Buffer): void {
  try {
    readElf(content, '/app', SYMBOLS);
  } catch (error) {
    expect(error).toBeInstanceOf(DockerceptionError);
    expect(error).toMatchObject({ kind: 'builder', code: 'LIBS_INVALID' });
    expect((error as Error).message).toMatch(/^reading the ELF file \/app: \S/);
  }
}

const full = {
  interpreter: '/lib/ld.so.1',
  needed: ['libone.so.1', 'libtwo.so'],
  rpath: '/r:$ORIGIN',
  runpath: '/u',
  soname: 'libme.so.3',
  flags1: 0x800,
  imports: ['dlopen', 'printf'],
} as const;

const forms = [
  { name: 'x86-64', bits: 64, bigEndian: false, machine: 62 },
  { name: 'x86', bits: 32, bigEndian: false, machine: 3 },
  { name: 's390x', bits: 64, bigEndian: true, machine: 22 },
  { name: 'PowerPC', bits: 32, bigEndian: true, machine: 20 },
] as const;

describe.each(forms)('an ELF file for $name', ({ name: _, ...form }) => {
  it('has a loader, needed libraries, search paths and a soname', () => {
    expect(read({ ...full, ...form })).toEqual({
      architecture: form,
      interpreter: '/lib/ld.so.1',
      needed: ['libone.so.1', 'libtwo.so'],
      rpath: '/r:$ORIGIN',
      runpath: '/u',
      soname: 'libme.so.3',
      noDefaults: true,
      imports: new Set(['dlopen']),
    });
  });

  it.each(['sysv', 'gnu', 'sections', 'none'] as const)(
    'has its symbols counted by %s',
    (count) => {
      const imports = ['puts', 'getpwnam', 'dlopen'];
      expect(read({ ...form, imports, count })?.imports).toEqual(new Set(['dlopen', 'getpwnam']));
    },
  );

  it('exports what it does not import', () => {
    for (const count of ['sysv', 'gnu', 'sections', 'none'] as const)
      expect(read({ ...form, exports: ['dlopen'], count })?.imports).toEqual(new Set());
  });

  it('has symbols also when none of them is hashed', () => {
    const options = { ...form, imports: ['dlopen'], exports: [], count: 'gnu' } as const;
    expect(read(options)?.imports).toEqual(new Set(['dlopen']));
  });

  it('is an error or a result, wherever it is cut short', () => {
    const whole = elf({ ...full, ...form });
    for (let size = 0; size < whole.length; size++) readDamaged(whole.subarray(0, size));
    // In front of the dynamic section's end there is none that would do.
    expect(() => readElf(whole.subarray(0, whole.length - 1), '/app')).toThrow(
      /its dynamic section ends at byte \d+, the file at byte \d+/,
    );
  });

  it('is an error or a result, whichever byte is another', () => {
    for (const count of ['sysv', 'gnu', 'sections'] as const) {
      const whole = elf({ ...full, ...form, count });
      for (let at = 4; at < whole.length; at++)
        for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
          const damaged = Buffer.from(whole);
          damaged[at] = value;
          readDamaged(damaged);
        }
    }
  });
});

describe('an ELF file', () => {
  it('that is static has no needs', () => {
    for (const content of [helloProgram('x64', 'hi'), elf({ isStatic: true, type: 2 })])
      expect(readElf(content, '/app')).toMatchObject({ interpreter: undefined, needed: [] });
  });

  it('that is static and position-independent has a dynamic section, and no needs', () => {
    expect(read({})).toMatchObject({ interpreter: undefined, needed: [] });
  });

  it('for 32-bit ARM shows how it passes floating-point numbers', () => {
    const arm = { machine: 40, bits: 32 } as const;
    const float = (flags: number) => read({ ...arm, flags })?.architecture.float;
    expect([float(0x5000400), float(0x5000200), float(0x5000000)]).toEqual([
      'hard',
      'soft',
      undefined,
    ]);
  });

  it('that is neither a program nor a library is ignored', () => {
    for (const type of [1, 4]) expect(read({ type })).toBeUndefined();
    for (const text of ['', '\x7fEL', '#!/bin/sh\n', 'MZ'])
      expect(readElf(Buffer.from(text), '/app')).toBeUndefined();
  });

  it.each([
    ['it ends in its header', elf().subarray(0, 20)],
    ['it has no class 3', Buffer.from(elf()).fill(3, 4, 5)],
    ['it has no byte order 0', Buffer.from(elf()).fill(0, 5, 6)],
    ['it has no version 9', Buffer.from(elf()).fill(9, 6, 7)],
    ['an entry of its program header has 8 bytes', Buffer.from(elf()).fill(8, 54, 55)],
    ['its string table is in no segment', elf({ needed: ['a'], entries: [[5, 1]] })],
    ['a name is at 99 in a string table of 5 bytes', elf({ entries: [[1, 99]] })],
    [
      'a name in its string table does not end inside the file',
      elf({
        needed: ['a'],
        entries: [
          [1, 1],
          [10, 3],
        ],
        exports: ['long'],
      }),
    ],
  ])('that is damaged is told of: %s', (why, content) => {
    expect(() => readElf(content, '/out/\x1bapp')).toThrow(
      expect.objectContaining({
        code: 'LIBS_INVALID',
        message: `reading the ELF file /out/\\x1bapp: ${why}`,
      }) as Error,
    );
  });

  it('with tables of absurd sizes is read quickly', () => {
    const started = performance.now();
    const size = Number.MAX_SAFE_INTEGER;
    readDamaged(elf({ entries: [[10, size]], needed: ['a'], count: 'sections' }));
    const hashed = elf({ count: 'gnu', imports: ['dlopen'], exports: [] });
    // Buckets, the first hashed symbol and the filter's size, all at their most.
    const at = hashed.indexOf(Buffer.from([1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]));
    readDamaged(Buffer.from(hashed).fill(0xff, at, at + 12));
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('an ELF file of which only parts are available', () => {
  const whole = elf({ ...full, text: 'x'.repeat(100) });
  const partOf = ([at, end]: readonly [number, number]): ElfPart => ({
    at,
    bytes: whole.subarray(at, end),
  });
  const readParts = (
    first: readonly [number, number],
    ...others: readonly (readonly [number, number])[]
  ) => readObject(openElf([partOf(first), ...others.map(partOf)], whole.length), SYMBOLS)?.elf;

  it('is read alike if all parts that a loader reads are available', () => {
    const expected = readElf(whole, '/app', SYMBOLS);
    expect(readParts([0, whole.length - 100])).toEqual(expected);
    expect(readParts([0, 64], [64, whole.length])).toEqual(expected);
  });

  it('says what is missing by an error of its own, never that the file is cut short', () => {
    for (let cut = 52; cut < whole.length; cut++)
      try {
        readParts([0, cut]);
      } catch (error) {
        expect(error).toBeInstanceOf(ElfGap);
      }
    expect(() => readParts([0, 64])).toThrow(ElfGap);
  });
});
