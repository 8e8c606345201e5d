/**
 * The parts of an ELF file that a dynamic loader reads: System V gABI, chapters 4 and 5 ("ELF Header", "Program Header",
 * "Dynamic Section"). Sections are not used, since a stripped program may have none.
 */
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import type { Architecture } from './architecture.js';
import {
  ElfBytes,
  ElfError,
  type ElfPart,
  offsetOf,
  PT,
  readSegments,
  type Segment,
} from './elf-bytes.js';

const MAGIC = '\x7fELF';
/** Types of files: `e_type`. */
export const ET = { REL: 1, EXEC: 2, DYN: 3, CORE: 4 } as const;
/** Bytes of the header of a 32-bit file. */
const MIN_HEADER = 52;
const DT = {
  NULL: 0,
  NEEDED: 1,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  STRSZ: 10,
  SONAME: 14,
  RPATH: 15,
  RUNPATH: 29,
  GNU_HASH: 0x6ffffef5,
  FLAGS_1: 0x6ffffffb,
} as const;
const DF_1_NODEFLIB = 0x800;
const DF_1_PIE = 0x8000000;
const EM_ARM = 40;
const EM_S390 = 22;
const SHT_DYNSYM = 11;
/** Bytes of the longest imported name that is reported. */
const MAX_NAME = 64;

/** A program or a shared library. */
export interface Elf {
  readonly architecture: Architecture;
  /** The loader's path; undefined for a library or a static program. */
  readonly interpreter: string | undefined;
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  /** DT_RPATH and DT_RUNPATH, with colons and tokens. */
  readonly rpath: string | undefined;
  readonly runpath: string | undefined;
  /** Whether the default directories are not searched for it: DF_1_NODEFLIB. */
  readonly noDefaults: boolean;
  /** The imported symbols, among those that were requested. */
  readonly imports: ReadonlySet<string>;
}

/** A file of which only the architecture is known. */
export function unknownElf(architecture: Architecture): Elf {
  return {
    architecture,
    interpreter: undefined,
    needed: [],
    soname: undefined,
    rpath: undefined,
    runpath: undefined,
    noDefaults: false,
    imports: new Set(),
  };
}

/**
 * Reads a program or a shared library; undefined for anything else, such as an object file.
 * @param path for messages
 * @param symbols imports to report
 * @throws DockerceptionError LIBS_INVALID of kind builder if it is cut short or damaged
 */
export function readElf(
  content: Buffer,
  path: string,
  symbols: ReadonlySet<string> = new Set(),
): Elf | undefined {
  if (content.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  try {
    const bytes = openElf([{ at: 0, bytes: content }], content.length);
    return readObject(bytes, symbols)?.elf;
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
    const message = `reading the ELF file ${printable(path)}: ${error.message}`;
    throw new DockerceptionError('builder', 'LIBS_INVALID', message, {
      hint: 'it is cut short or damaged: look at what writes it in the builder',
    });
  }
}

/**
 * Checks the first bytes of an ELF file.
 * @param parts available parts; the first starts at 0
 * @param size bytes of the whole file
 * @throws ElfError if they are invalid
 */
export function openElf(parts: readonly [ElfPart, ...ElfPart[]], size: number): ElfBytes {
  const [{ bytes }] = parts;
  if (bytes.length < MIN_HEADER) throw new ElfError(`it ends in its header`);
  const [fileClass, data, version] = [bytes[4], bytes[5], bytes[6]];
  if (fileClass !== 1 && fileClass !== 2) throw new ElfError(`it has no class ${fileClass}`);
  if (data !== 1 && data !== 2) throw new ElfError(`it has no byte order ${data}`);
  if (version !== 1) throw new ElfError(`it has no version ${version}`);
  return new ElfBytes(parts, size, fileClass === 2, data === 2);
}

export function readType(bytes: ElfBytes): number {
  return bytes.u16(16, 'its header');
}

/** `e_entry`: the address at which a program starts, or 0. */
export function readEntry(bytes: ElfBytes): number {
  return bytes.word(24, 'its header');
}

/** Reads a program or a shared library; undefined for anything else. */
export function readObject(
  bytes: ElfBytes,
  symbols: ReadonlySet<string>,
): { readonly elf: Elf; readonly isProgram: boolean } | undefined {
  const type = readType(bytes);
  if (type !== ET.EXEC && type !== ET.DYN) return undefined;

  const segments = readSegments(bytes);
  const dynamic = segments.find((segment) => segment.type === PT.DYNAMIC && segment.size > 0);
  const interpreter = segments.find((segment) => segment.type === PT.INTERP && segment.size > 0);
  const entries = dynamic === undefined ? [] : readDynamic(bytes, dynamic);
  const value = (tag: number): number | undefined => entries.findLast(([t]) => t === tag)?.[1];
  const text = stringsOf(bytes, segments, value(DT.STRTAB), value(DT.STRSZ));
  const textOf = (tag: number): string | undefined => {
    const at = value(tag);
    return at === undefined ? undefined : text(at);
  };
  const elf = {
    architecture: readArchitecture(bytes),
    interpreter:
      interpreter &&
      bytes.text(
        interpreter.offset,
        interpreter.offset + interpreter.size,
        'the name of its loader',
      ),
    needed: entries.filter(([tag]) => tag === DT.NEEDED).map(([, at]) => text(at)),
    soname: textOf(DT.SONAME),
    rpath: textOf(DT.RPATH),
    runpath: textOf(DT.RUNPATH),
    noDefaults: ((value(DT.FLAGS_1) ?? 0) & DF_1_NODEFLIB) !== 0,
    imports: readImports(bytes, segments, new Map(entries), symbols),
  };
  // libc.so.6 of glibc has an interpreter, since it prints its version when it is executed.
  const isPie = ((value(DT.FLAGS_1) ?? 0) & DF_1_PIE) !== 0;
  const hasLoader = interpreter !== undefined && elf.soname === undefined;
  return { elf, isProgram: type === ET.EXEC || isPie || hasLoader };
}

export function readArchitecture(bytes: ElfBytes): Architecture {
  const machine = bytes.u16(18, 'its header');
  const architecture = {
    machine,
    bits: bytes.is64 ? 64 : 32,
    bigEndian: bytes.bigEndian,
  } as const;
  if (machine !== EM_ARM || bytes.is64) return architecture;
  // EF_ARM_ABI_FLOAT_HARD and _SOFT, "ELF for the Arm Architecture".
  const flags = bytes.u32(36, 'its header');
  const float = flags & 0x400 ? 'hard' : flags & 0x200 ? 'soft' : undefined;
  return { ...architecture, float };
}

/** Tags and values up to DT_NULL or the segment's end. */
function readDynamic(bytes: ElfBytes, { offset, size }: Segment): [number, number][] {
  bytes.need(offset, size, 'its dynamic section');
  const step = bytes.is64 ? 16 : 8;
  const entries: [number, number][] = [];
  for (let at = offset; at + step <= offset + size; at += step) {
    const tag = bytes.word(at, 'its dynamic section');
    if (tag === DT.NULL) break;
    entries.push([tag, bytes.word(at + step / 2, 'its dynamic section')]);
  }
  return entries;
}

function stringsOf(
  bytes: ElfBytes,
  segments: readonly Segment[],
  address: number | undefined,
  size = Infinity,
): (at: number) => string {
  const start = address === undefined ? undefined : offsetOf(segments, address);
  return (at) => {
    if (start === undefined) throw new ElfError('its string table is in no segment');
    if (at >= size) throw new ElfError(`a name is at ${at} in a string table of ${size} bytes`);
    return bytes.text(start + at, start + size, 'a name in its string table');
  };
}

/**
 * The symbols that a file imports: undefined entries of its dynamic symbol table (gABI, "Symbol Table"). The length of the
 * table is found by DT_HASH, DT_GNU_HASH, the section headers, or the string table that follows it. Damage is ignored,
 * since only notices depend on the result.
 * @param dynamic tags and values of the dynamic section
 * @param symbols names to report
 */
function readImports(
  bytes: ElfBytes,
  segments: readonly Segment[],
  dynamic: ReadonlyMap<number, number>,
  symbols: ReadonlySet<string>,
): ReadonlySet<string> {
  const found = new Set<string>();
  const at = (tag: number): number | undefined => {
    const address = dynamic.get(tag);
    return address === undefined ? undefined : offsetOf(segments, address);
  };
  const [table, strings] = [at(DT.SYMTAB), at(DT.STRTAB)];
  if (table === undefined || strings === undefined) return found;
  const [size, nameAt, sectionAt] = bytes.is64 ? [24, 0, 6] : [16, 0, 14];
  const count =
    countByHash(bytes, at(DT.HASH)) ??
    countByGnuHash(bytes, at(DT.GNU_HASH)) ??
    countBySection(bytes, table, size) ??
    Math.floor((strings - table) / size);
  const end = Math.min(table + count * size, bytes.size - size + 1);
  for (let symbol = table; symbol < end; symbol += size) {
    if (!bytes.has(symbol, size)) break;
    if (bytes.u16(symbol + sectionAt, 'a symbol') !== 0) continue;
    const name = bytes.shortText(strings + bytes.u32(symbol + nameAt, 'a symbol'), MAX_NAME);
    if (name !== undefined && symbols.has(name)) found.add(name);
  }
  return found;
}

/** `nchain`, the number of symbols. Words of the table have 8 bytes on 64-bit S/390 only. */
function countByHash(bytes: ElfBytes, at: number | undefined): number | undefined {
  const isWide = bytes.is64 && bytes.u16(18, 'its header') === EM_S390;
  if (at === undefined || !bytes.has(at, 16)) return undefined;
  return isWide ? bytes.word(at + 8, 'DT_HASH') : bytes.u32(at + 4, 'DT_HASH');
}

/** `symoffset`, the number of symbols without a hash, to which imports belong. Without hashed symbols it is always 1. */
function countByGnuHash(bytes: ElfBytes, at: number | undefined): number | undefined {
  if (at === undefined || !bytes.has(at, 16)) return undefined;
  const buckets = bytes.u32(at, 'DT_GNU_HASH');
  const first = bytes.u32(at + 4, 'DT_GNU_HASH');
  const filter = bytes.u32(at + 8, 'DT_GNU_HASH') * (bytes.is64 ? 8 : 4);
  const start = at + 16 + filter;
  const end = Math.min(start + buckets * 4, bytes.size - 3);
  for (let bucket = start; bucket < end && bytes.has(bucket, 4); bucket += 4)
    if (bytes.u32(bucket, 'DT_GNU_HASH') !== 0) return first;
  return undefined;
}

/** By the size of the table's section, if there are section headers. */
function countBySection(bytes: ElfBytes, table: number, size: number): number | undefined {
  const [tableAt, entryAt, offsetAt] = bytes.is64 ? [40, 58, 24] : [32, 46, 16];
  const headers = bytes.word(tableAt, 'its header');
  const step = bytes.u16(entryAt, 'its header');
  const count = bytes.u16(entryAt + 2, 'its header');
  const word = bytes.is64 ? 8 : 4;
  if (headers === 0 || step < offsetAt + 2 * word) return undefined;
  for (let index = 0; index < count; index++) {
    const at = headers + index * step;
    if (!bytes.has(at, step)) return undefined;
    if (bytes.u32(at + 4, 'a section header') !== SHT_DYNSYM) continue;
    if (bytes.word(at + offsetAt, 'a section header') !== table) continue;
    return Math.floor(bytes.word(at + offsetAt + word, 'a section header') / size);
  }
  return undefined;
}
