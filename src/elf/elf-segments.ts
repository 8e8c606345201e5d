/**
 * The program header of an ELF file: which of its bytes go where in memory (gABI, "Program
 * Header"). Everything the dynamic section points to is an address, and found through it.
 */
import { type ElfBytes, ElfError } from './elf-bytes.js';

/** What a segment is. */
export const PT = { LOAD: 1, DYNAMIC: 2, INTERP: 3, NOTE: 4 } as const;

/** What a segment may be used for: `p_flags`. */
export const PF = { X: 1, W: 2 } as const;

/** An entry of the program header. */
export interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  /** In the file. */
  readonly size: number;
  readonly flags: number;
}

/** Where the program header is. */
export interface SegmentTable {
  readonly at: number;
  readonly entrySize: number;
  readonly count: number;
}

export function readSegmentTable(bytes: ElfBytes): SegmentTable {
  const [tableAt, entryAt] = bytes.is64 ? [32, 54] : [28, 42];
  return {
    at: bytes.word(tableAt, 'its header'),
    entrySize: bytes.u16(entryAt, 'its header'),
    count: bytes.u16(entryAt + 2, 'its header'),
  };
}

/** Reads all of them. */
export function readSegments(bytes: ElfBytes): Segment[] {
  const { at: table, entrySize, count } = readSegmentTable(bytes);
  if (count === 0) return [];
  if (entrySize < (bytes.is64 ? 56 : 32))
    throw new ElfError(`an entry of its program header has ${entrySize} bytes`);
  bytes.need(table, count * entrySize, 'its program header');
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * entrySize;
    const word = (at32: number, at64: number): number =>
      bytes.word(at + (bytes.is64 ? at64 : at32), 'its program header');
    const type = bytes.u32(at, 'its program header');
    const flags = bytes.u32(at + (bytes.is64 ? 4 : 24), 'its program header');
    return { type, offset: word(4, 8), address: word(8, 16), size: word(16, 32), flags };
  });
}

/** Where in the file an address is; undefined when no segment brings it into memory. */
export function offsetOf(segments: readonly Segment[], address: number): number | undefined {
  const segment = segments.find(
    (one) => one.type === PT.LOAD && address >= one.address && address - one.address < one.size,
  );
  return segment && segment.offset + (address - segment.address);
}
