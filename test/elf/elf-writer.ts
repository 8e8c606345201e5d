/**
 * Writes ELF files with what a loader reads and nothing else, in either class and byte order (System
 * V gABI, chapters 4 and 5). Addresses are not offsets, so that mistaking one for the other shows.
 */

/** Where the file is in memory. */
const BASE = 0x10000;

export interface ElfOptions {
  /** @default 64 */
  readonly bits?: 32 | 64;
  /** @default false */
  readonly bigEndian?: boolean;
  /** @default 62, x86-64 */
  readonly machine?: number;
  /** @default 3, a shared object or a position-independent program */
  readonly type?: number;
  readonly flags?: number;
  readonly interpreter?: string;
  readonly needed?: readonly string[];
  readonly rpath?: string;
  readonly runpath?: string;
  readonly soname?: string;
  readonly flags1?: number;
  /** Undefined symbols; what is exported comes behind them. */
  readonly imports?: readonly string[];
  /** @default ['own'] */
  readonly exports?: readonly string[];
  /** What tells the number of symbols. @default 'gnu' */
  readonly count?: 'sysv' | 'gnu' | 'sections' | 'none';
  /** Without a dynamic section, as a static program has none. */
  readonly isStatic?: boolean;
  /** Text that is somewhere in the file, with a NUL behind it. */
  readonly text?: string;
  /** Dynamic entries to add, or to replace those of the same tag. */
  readonly entries?: readonly (readonly [tag: number, value: number])[];
}

/** A program of x86-64 with glibc's loader. */
export function program(options: ElfOptions = {}): Buffer {
  return elf({ interpreter: '/lib64/ld-linux-x86-64.so.2', ...options });
}

export function elf(options: ElfOptions = {}): Buffer {
  const { bits = 64, bigEndian = false, machine = 62, type = 3, flags = 0 } = options;
  const is64 = bits === 64;
  const word = is64 ? 8 : 4;
  const write = (size: number, ...values: readonly number[]): Buffer => {
    const bytes = Buffer.alloc(size * values.length);
    values.forEach((value, index) => {
      const at = index * size;
      if (size === 8)
        if (bigEndian) bytes.writeBigUInt64BE(BigInt(value), at);
        else bytes.writeBigUInt64LE(BigInt(value), at);
      else if (bigEndian) bytes.writeUIntBE(value, at, size);
      else bytes.writeUIntLE(value, at, size);
    });
    return bytes;
  };

  const strings = ['\0'];
  const name = (text: string): number => {
    const at = Buffer.byteLength(strings.join(''));
    strings.push(`${text}\0`);
    return at;
  };
  const symbol = (text: string, section: number): Buffer =>
    is64
      ? Buffer.concat([
          write(4, name(text)),
          Buffer.from([0x12, 0]),
          write(2, section),
          write(8, 0, 0),
        ])
      : Buffer.concat([write(4, name(text), 0, 0), Buffer.from([0x12, 0]), write(2, section)]);

  const { imports = [], exports: own = ['own'], count = 'gnu' } = options;
  const symbols = Buffer.concat([
    Buffer.alloc(is64 ? 24 : 16),
    ...imports.map((text) => symbol(text, 0)),
    ...own.map((text) => symbol(text, 5)),
  ]);
  const hashed = own.length > 0;
  const gnuHash = Buffer.concat([
    write(4, 1, hashed ? imports.length + 1 : 1, 1, 0),
    write(word, 0),
    write(4, hashed ? imports.length + 1 : 0),
    ...own.map((_, index) => write(4, index === own.length - 1 ? 1 : 2)),
  ]);
  const wide = is64 && machine === 22 ? 8 : 4;
  const sysvHash = write(wide, 1, imports.length + own.length + 1, 1, 0);
  const hash = count === 'sysv' ? sysvHash : count === 'gnu' ? gnuHash : Buffer.alloc(0);

  const tags: [number, number][] = (options.needed ?? []).map((text) => [1, name(text)]);
  const add = (tag: number, value: number | undefined): void => {
    if (value !== undefined) tags.push([tag, value]);
  };
  const ofText = (text: string | undefined): number | undefined =>
    text === undefined ? undefined : name(text);
  add(14, ofText(options.soname));
  add(15, ofText(options.rpath));
  add(29, ofText(options.runpath));
  add(0x6ffffffb, options.flags1);
  const table = Buffer.from(strings.join(''));

  // Header, program header, loader's name, symbols, strings, hash, dynamic section, text, sections.
  const interpreter = Buffer.from(
    options.interpreter === undefined ? '' : `${options.interpreter}\0`,
  );
  const header = is64 ? 64 : 52;
  const entry = is64 ? 56 : 32;
  const segments = 1 + (interpreter.length > 0 ? 1 : 0) + (options.isStatic ? 0 : 1);
  const interpreterAt = header + segments * entry;
  const symbolsAt = interpreterAt + interpreter.length;
  const stringsAt = symbolsAt + symbols.length;
  const hashAt = stringsAt + table.length;
  const dynamicAt = hashAt + hash.length;
  add(5, BASE + stringsAt);
  add(6, BASE + symbolsAt);
  add(10, table.length);
  if (count === 'sysv') add(4, BASE + hashAt);
  if (count === 'gnu') add(0x6ffffef5, BASE + hashAt);
  for (const [tag, value] of options.entries ?? []) {
    const index = tags.findIndex(([one]) => one === tag);
    if (index >= 0) tags.splice(index, 1);
    tags.push([tag, value]);
  }
  const dynamic = write(word, ...[...tags, [0, 0]].flat());
  const text = Buffer.from(options.text === undefined ? '' : `\0${options.text}\0`);
  const loaded = dynamicAt + (options.isStatic ? 0 : dynamic.length) + text.length;
  const section = Buffer.concat([
    write(4, 0, 11),
    write(word, 0, BASE + symbolsAt, symbolsAt, symbols.length),
    write(4, 0, 0),
    write(word, 0, is64 ? 24 : 16),
  ]);
  const sections = count === 'sections' ? [section] : [];

  const segment = (kind: number, at: number, size: number): Buffer =>
    is64
      ? Buffer.concat([write(4, kind, 4), write(8, at, BASE + at, BASE + at, size, size, 1)])
      : write(4, kind, at, BASE + at, BASE + at, size, size, 4, 1);
  return Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, is64 ? 2 : 1, bigEndian ? 2 : 1, 1]),
    Buffer.alloc(9),
    write(2, type, machine),
    write(4, 1),
    write(word, 0, header, sections.length === 0 ? 0 : loaded),
    write(4, flags),
    write(2, header, entry, segments, section.length, sections.length, 0),
    ...(interpreter.length > 0 ? [segment(3, interpreterAt, interpreter.length)] : []),
    segment(1, 0, loaded),
    ...(options.isStatic ? [] : [segment(2, dynamicAt, dynamic.length)]),
    interpreter,
    symbols,
    table,
    hash,
    ...(options.isStatic ? [] : [dynamic]),
    text,
    ...sections,
  ]);
}
