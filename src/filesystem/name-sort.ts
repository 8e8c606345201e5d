/** Sorts files by the bytes of their names, without a string for each. */

/** The names of files, one after the other. */
interface Names {
  readonly names: Buffer;
  nameStartOf(file: number): number;
  nameLengthOf(file: number): number;
}

/** Ranges of this length are sorted by insertion. */
const SHORT = 12;

/** Sorts in place: three-way radix quicksort (Bentley and Sedgewick, 1997). All names differ. */
export function sortByName(files: Uint32Array, names: Names): void {
  if (isSorted(files, names)) return;
  const { names: bytes } = names;
  const byteOf = (file: number, depth: number): number =>
    depth < names.nameLengthOf(file) ? (bytes[names.nameStartOf(file) + depth] as number) : -1;
  const swap = (a: number, b: number): void => {
    const file = files[a] as number;
    files[a] = files[b] as number;
    files[b] = file;
  };
  /** Ranges to sort, whose names have the same first `depth` bytes. */
  const ranges: [from: number, to: number, depth: number][] = [[0, files.length, 0]];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const [from, to, depth] = range;
    if (to - from <= SHORT) {
      for (let i = from + 1; i < to; i++)
        for (
          let j = i;
          j > from && compareNames(names, files[j - 1] as number, files[j] as number) > 0;
          j--
        )
          swap(j - 1, j);
      continue;
    }
    const pivot = byteOf(files[(from + to) >>> 1] as number, depth);
    let [less, at, more] = [from, from, to];
    while (at < more) {
      const byte = byteOf(files[at] as number, depth);
      if (byte < pivot) swap(less++, at++);
      else if (byte > pivot) swap(at, --more);
      else at++;
    }
    if (less - from > 1) ranges.push([from, less, depth]);
    if (to - more > 1) ranges.push([more, to, depth]);
    if (pivot >= 0 && more - less > 1) ranges.push([less, more, depth + 1]);
  }
}

function isSorted(files: Uint32Array, names: Names): boolean {
  for (let i = 1; i < files.length; i++)
    if (compareNames(names, files[i - 1] as number, files[i] as number) > 0) return false;
  return true;
}

function compareNames(names: Names, a: number, b: number): number {
  const { names: bytes } = names;
  const [startA, startB] = [names.nameStartOf(a), names.nameStartOf(b)];
  const [lengthA, lengthB] = [names.nameLengthOf(a), names.nameLengthOf(b)];
  const common = Math.min(lengthA, lengthB);
  for (let i = 0; i < common; i++) {
    const difference = (bytes[startA + i] as number) - (bytes[startB + i] as number);
    if (difference !== 0) return difference;
  }
  return lengthA - lengthB;
}
