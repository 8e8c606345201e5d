/** Which parts of an ELF file are worth looking at, by its program header. */
import { PF, PT, type Segment } from '../../elf/elf-bytes.js';

/** From the first byte to the one behind the last. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** Of the first segment: the dynamic strings, symbols and versions lie in its front. */
const FIRST = 16 * 1024 * 1024;
/** A later segment is kept when it isn't larger: patchelf(1) moves strings into one of their own. */
const SMALL = 1024 * 1024;
/** Of all that is kept. */
const MOST = 32 * 1024 * 1024;

/**
 * What a loader reads; the header alone when there is no dynamic section.
 * @param head the header and the program header, which were read already
 */
export function loaderRanges(
  segments: readonly Segment[],
  size: number,
  head: FileRange,
): FileRange[] {
  const dynamic = segments.filter(({ type }) => type === PT.DYNAMIC);
  const interpreter = segments.filter(({ type, size }) => type === PT.INTERP && size <= SMALL);
  const loaded = segments.filter(({ type }) => type === PT.LOAD);
  const small = [...interpreter, ...dynamic.filter(({ size }) => size <= SMALL)];
  const wanted = [head, ...small.map(rangeOf)];
  if (dynamic.length > 0)
    for (const [index, segment] of loaded.entries()) {
      const { start, end } = rangeOf(segment);
      if (index === 0) wanted.push({ start, end: Math.min(end, start + FIRST) });
      else if (segment.size <= SMALL) wanted.push({ start, end });
    }
  return bounded(joined(wanted, size));
}

/** Where a linker puts constants: in segments that are neither code nor changed, if it can. */
export function constantRanges(segments: readonly Segment[], size: number): FileRange[] {
  const fixed = segments.filter(({ type, flags }) => type === PT.LOAD && !(flags & PF.W));
  const pure = fixed.filter(({ flags }) => !(flags & PF.X));
  return joined((pure.length > 0 ? pure : fixed).map(rangeOf), size);
}

function rangeOf({ offset, size }: Segment): FileRange {
  return { start: offset, end: offset + size };
}

/** In order, no two of which touch, inside the file. */
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

function bounded(ranges: readonly FileRange[]): FileRange[] {
  let left = MOST;
  return ranges.filter(({ start, end }) => (left -= end - start) >= 0);
}
