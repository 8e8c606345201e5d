/**
 * What a dynamic loader reads in an ELF file: for whom it is, its loader, what it needs and where to
 * look for that. System V gABI, chapters 4 and 5 ("ELF Header", "Program Header", "Dynamic
 * Section"); the sections that linkers use are not asked, since a stripped program may have none.
 */
import type { Architecture } from './architecture.js';
import { ElfBytes, invalidElf } from './elf-bytes.js';
import { offsetOf, readSegments, type Segment } from './elf-segments.js';
import { readImports } from './elf-symbols.js';

const MAGIC = '\x7fELF';
const [ET_EXEC, ET_DYN] = [2, 3];
const [PT_DYNAMIC, PT_INTERP] = [2, 3];
const DT = {
  NULL: 0,
  NEEDED: 1,
  STRTAB: 5,
  STRSZ: 10,
  SONAME: 14,
  RPATH: 15,
  RUNPATH: 29,
  FLAGS_1: 0x6ffffffb,
} as const;
const DF_1_NODEFLIB = 0x800;
const EM_ARM = 40;

/** A program or a shared library. */
export interface Elf {
  readonly architecture: Architecture;
  /** The loader's path: a program has one, a library or a static program has none. */
  readonly interpreter: string | undefined;
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  /** DT_RPATH and DT_RUNPATH as they are written, with colons and tokens. */
  readonly rpath: string | undefined;
  readonly runpath: string | undefined;
  /** Whether the default directories are not for it: DF_1_NODEFLIB. */
  readonly noDefaults: boolean;
  /** Those of the symbols asked for which it takes from others. */
  readonly imports: ReadonlySet<string>;
}

/** Whether a file starts as ELF files do. */
export function isElf(content: Buffer): boolean {
  return content.toString('latin1', 0, MAGIC.length) === MAGIC;
}

/**
 * Reads a program or a shared library; undefined for anything else, such as an object file.
 * @param path what errors call it
 * @param symbols which imports are of interest
 * @throws DockerceptionError LIBS_INVALID when it is cut short or damaged.
 */
export function readElf(
  content: Buffer,
  path: string,
  symbols: ReadonlySet<string> = new Set(),
): Elf | undefined {
  if (!isElf(content)) return undefined;
  if (content.length < 52) throw invalidElf(path, `it ends in its header`);
  const [fileClass, data, version] = [content[4], content[5], content[6]];
  if (fileClass !== 1 && fileClass !== 2) throw invalidElf(path, `it has no class ${fileClass}`);
  if (data !== 1 && data !== 2) throw invalidElf(path, `it has no byte order ${data}`);
  if (version !== 1) throw invalidElf(path, `it has no version ${version}`);
  const bytes = new ElfBytes(content, path, fileClass === 2, data === 2);
  const type = bytes.u16(16, 'its header');
  if (type !== ET_EXEC && type !== ET_DYN) return undefined;

  const segments = readSegments(bytes);
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC && segment.size > 0);
  const interpreter = segments.find((segment) => segment.type === PT_INTERP && segment.size > 0);
  const entries = dynamic === undefined ? [] : readDynamic(bytes, dynamic);
  const value = (tag: number): number | undefined => entries.findLast(([t]) => t === tag)?.[1];
  const text = stringsOf(bytes, segments, value(DT.STRTAB), value(DT.STRSZ));
  const textOf = (tag: number): string | undefined => {
    const at = value(tag);
    return at === undefined ? undefined : text(at);
  };
  return {
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
}

function readArchitecture(bytes: ElfBytes): Architecture {
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

/** The tags and values up to DT_NULL or the segment's end. */
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

/** Reads out of the string table. */
function stringsOf(
  bytes: ElfBytes,
  segments: readonly Segment[],
  address: number | undefined,
  size = Infinity,
): (at: number) => string {
  const start = address === undefined ? undefined : offsetOf(segments, address);
  return (at) => {
    if (start === undefined) throw bytes.invalid('its string table is in no segment');
    if (at >= size) throw bytes.invalid(`a name is at ${at} in a string table of ${size} bytes`);
    return bytes.text(start + at, start + size, 'a name in its string table');
  };
}
