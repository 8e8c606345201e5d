/** The ranges of an ELF file that the probe reads, by its program header. */
import { PF, PT, type Segment } from '../../elf/elf-bytes.js';

/** The byte at `end` is excluded. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** Bytes of the first segment, which starts with the dynamic strings, symbols and versions. */
const MAX_FIRST_SEGMENT = 16 << 20;
/** Bytes of a later segment, into which patchelf(1) moves strings. */
const MAX_SEGMENT = 1 << 20;
const MAX_TOTAL = 32 << 20;

/**
 * The ranges that a loader reads; the head alone without a dynamic section.
 * @param head the header and the program header
 */
export function loaderRanges(
  segments: readonly Segment[],
  size: number,
  head: FileRange,
): FileRange[] {
  const types: number[] = [PT.INTERP, PT.DYNAMIC];
  if (segments.some(({ type }) => type === PT.DYNAMIC)) types.push(PT.LOAD);
  const first = segments.find(({ type }) => type === PT.LOAD);
  const wanted = [head];
  for (const segment of segments) {
    const { start, end } = rangeOf(segment);
    const max = segment === first ? MAX_FIRST_SEGMENT : MAX_SEGMENT;
    if (types.includes(segment.type) && (segment === first || segment.size <= max))
      wanted.push({ start, end: Math.min(end, start + max) });
  }
  let left = MAX_TOTAL;
  return joined(wanted, size).filter(({ start, end }) => (left -= end - start) >= 0);
}

/** The ranges of constants: read-only segments, without code if there are such. */
export function constantRanges(segments: readonly Segment[], size: number): FileRange[] {
  const fixed = segments.filter(({ type, flags }) => type === PT.LOAD && !(flags & PF.W));
  const pure = fixed.filter(({ flags }) => !(flags & PF.X));
  return joined((pure.length > 0 ? pure : fixed).map(rangeOf), size);
}

function rangeOf({ offset, size }: Segment): FileRange {
  return { start: offset, end: offset + size };
}

/** Sorted, merged, and cut at the end of the file. */
function joined(ranges: readonly FileRange[], size: number): FileRange[] {
  const result: FileRange[] = [];
  for (const { start, end } of [...ranges].sort((one, other) => one.start - other.start)) {
    const last = result.at(-1);
    const inside = Math.min(end, size);
    if (start >= inside) continue;
    if (last !== undefined && start <= last.end)
      result.splice(-1, 1, { start: last.start, end: Math.max(last.end, inside) });
    else result.push({ start, end: inside });
  }
  return result;
}
