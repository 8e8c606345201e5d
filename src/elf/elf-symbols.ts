/**
 * The symbols that an ELF file imports: undefined entries of its dynamic symbol table (gABI, "Symbol Table"). The length
 * of the table is found by DT_HASH, DT_GNU_HASH, the section headers, or the string table that follows it. Damage is
 * ignored, since only notices depend on the result.
 */
import { type ElfBytes, offsetOf, type Segment } from './elf-bytes.js';

const DT = { HASH: 4, STRTAB: 5, SYMTAB: 6, GNU_HASH: 0x6ffffef5 } as const;
const SHT_DYNSYM = 11;
const EM_S390 = 22;
/** Bytes of the longest name that is reported. */
const MAX_NAME = 64;

/**
 * @param dynamic tags and values of the dynamic section
 * @param symbols names to report
 */
export function readImports(
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
