/**
 * The program header of an ELF file: which of its bytes go where in memory (gABI, "Program
 * Header"). Everything the dynamic section points to is an address, and found through it.
 */
import type { ElfBytes } from './elf-bytes.js';

const PT_LOAD = 1;

/** An entry of the program header. */
export interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  /** In the file. */
  readonly size: number;
}

/** Reads all of them. */
export function readSegments(bytes: ElfBytes): Segment[] {
  const [tableAt, entryAt] = bytes.is64 ? [32, 54] : [28, 42];
  const table = bytes.word(tableAt, 'its header');
  const entrySize = bytes.u16(entryAt, 'its header');
  const count = bytes.u16(entryAt + 2, 'its header');
  if (count === 0) return [];
  if (entrySize < (bytes.is64 ? 56 : 32))
    throw bytes.invalid(`an entry of its program header has ${entrySize} bytes`);
  bytes.need(table, count * entrySize, 'its program header');
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * entrySize;
    const word = (at32: number, at64: number): number =>
      bytes.word(at + (bytes.is64 ? at64 : at32), 'its program header');
    const type = bytes.u32(at, 'its program header');
    return { type, offset: word(4, 8), address: word(8, 16), size: word(16, 32) };
  });
}

/** Where in the file an address is; undefined when no segment brings it into memory. */
export function offsetOf(segments: readonly Segment[], address: number): number | undefined {
  const segment = segments.find(
    (one) => one.type === PT_LOAD && address >= one.address && address - one.address < one.size,
  );
  return segment && segment.offset + (address - segment.address);
}
