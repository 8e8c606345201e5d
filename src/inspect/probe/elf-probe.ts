/**
 * What an ELF file tells while it passes by: its header and program header say where the rest is
 * that a loader reads, and only that is kept. Texts that give a program's TLS and time zones away are
 * looked for where a linker puts constants: neither in code nor in debug information, which are most
 * of a file.
 */
import { ET, openElf, readEntry, readType } from '../../elf/elf.js';
import { type ElfBytes, ElfError, type ElfPart } from '../../elf/elf-bytes.js';
import { PT, readSegments, readSegmentTable, type Segment } from '../../elf/elf-bytes.js';
import type { Content } from './content.js';
import { isLoader, readElfContent } from './elf-content.js';
import { TRAITS, traitsOf } from './elf-patterns.js';
import { constantRanges, type FileRange, loaderRanges } from './elf-ranges.js';
import { Scratch } from './growable-buffer.js';
import { Needles } from './pattern-search.js';

/** The header, of either class. */
const HEADER = 64;
/** A program header that starts later can't be followed while bytes pass; patchelf(1) makes some. */
const LATEST = 64 * 1024;
/** Such a file is kept as a whole when it isn't larger, and so is a loader. */
const WHOLE = 4 * 1024 * 1024;
const LIBRARY = /\.so(?:\.[\w.]+)?$/;

export class ElfProbe {
  readonly #kept = new Scratch();
  readonly #needles = new Needles(TRAITS);
  #path = '';
  #size = 0;
  #position = 0;
  /** Until the program header was read, everything is kept up to here. */
  #headEnd = 0;
  #stage: 'header' | 'table' | 'ranges' = 'header';
  #keep: readonly FileRange[] = [];
  #search: readonly FileRange[] = [];

  begin(path: string, size: number): void {
    this.#path = path;
    this.#size = size;
    this.#position = 0;
    this.#headEnd = Math.min(HEADER, size);
    this.#stage = 'header';
    this.#keep = this.#search = [];
    this.#kept.clear();
    this.#needles.begin();
  }

  get satisfied(): boolean {
    const isAhead = (range: FileRange | undefined): boolean => (range?.end ?? 0) > this.#position;
    return (
      this.#stage === 'ranges' &&
      !isAhead(this.#keep.at(-1)) &&
      (!isAhead(this.#search.at(-1)) || this.#needles.hasAll)
    );
  }

  data(bytes: Buffer): void {
    let rest = bytes;
    while (this.#stage !== 'ranges') {
      const head = rest.subarray(0, this.#headEnd - this.#position);
      this.#kept.append(head);
      this.#position += head.length;
      rest = rest.subarray(head.length);
      if (this.#position < this.#headEnd) return;
      this.#advance();
    }
    this.#pass(rest.length, rest);
  }

  hole(length: number): void {
    // A header full of zeros is soon seen to be none.
    const head = this.#stage === 'ranges' ? 0 : Math.min(length, LATEST);
    if (head > 0) this.data(Buffer.alloc(head));
    this.#pass(length - head);
  }

  end(): Content | undefined {
    const parts = this.#parts();
    try {
      const elf = readElfContent(openElf(parts, this.#size), this.#path, this.#kept.view());
      if (elf === undefined) return undefined;
      return { elf, ...(elf.kind === 'program' ? traitsOf(this.#needles.end()) : {}) };
    } catch (error) {
      if (error instanceof ElfError) return { damaged: error.message };
      throw error;
    }
  }

  /** Reads the header, and where it can be, the program header behind it. */
  #advance(): void {
    try {
      const bytes = openElf([{ at: 0, bytes: this.#kept.view() }], this.#size);
      if (this.#stage === 'header') {
        this.#stage = 'ranges';
        if (!isObject(bytes)) return;
        const { at, entrySize, count } = readSegmentTable(bytes);
        const end = at + entrySize * count;
        if (end > LATEST) {
          this.#keep = this.#size <= WHOLE ? [{ start: 0, end: this.#size }] : [];
          return;
        }
        this.#headEnd = Math.min(this.#size, Math.max(end, HEADER));
        this.#stage = 'table';
      } else {
        this.#stage = 'ranges';
        this.#plan(readSegments(bytes), bytes);
      }
    } catch (error) {
      // It is damaged, and will be again when it is read.
      if (!(error instanceof ElfError)) throw error;
      this.#stage = 'ranges';
    }
  }

  #plan(segments: readonly Segment[], bytes: ElfBytes): void {
    const head = { start: 0, end: this.#headEnd };
    const isWhole = isLoader(this.#path) && this.#size <= WHOLE;
    this.#keep = isWhole
      ? [{ start: 0, end: this.#size }]
      : loaderRanges(segments, this.#size, head);
    const isProgram =
      readType(bytes) === ET.EXEC ||
      readEntry(bytes) !== 0 ||
      segments.some(({ type }) => type === PT.INTERP);
    if (isProgram && !LIBRARY.test(this.#path)) this.#search = constantRanges(segments, this.#size);
    // What is kept already lies in front of where the next bytes are.
    for (const { start, end } of this.#search)
      if (start < this.#position) this.#needles.feed(this.#kept.view(start, end));
  }

  /** Goes on by so many bytes, zeros unless they are given. */
  #pass(length: number, bytes?: Buffer): void {
    const from = this.#position;
    const to = from + length;
    this.#position = to;
    for (const range of this.#keep) {
      const [start, end] = [Math.max(range.start, from), Math.min(range.end, to)];
      if (start >= end) continue;
      if (bytes === undefined) this.#kept.appendZeros(end - start);
      else this.#kept.append(bytes.subarray(start - from, end - from));
    }
    for (const range of this.#search) {
      const [start, end] = [Math.max(range.start, from), Math.min(range.end, to)];
      if (start >= end) continue;
      if (bytes === undefined) this.#needles.interrupt();
      else this.#needles.feed(bytes.subarray(start - from, end - from));
      if (end === range.end) this.#needles.interrupt();
    }
  }

  /** What was kept, at its places. */
  #parts(): [ElfPart, ...ElfPart[]] {
    const [first = { start: 0, end: this.#headEnd }, ...others] = this.#keep;
    let at = 0;
    const part = ({ start, end }: FileRange): ElfPart => {
      const bytes = this.#kept.view(at, (at += end - start));
      return { at: start, bytes };
    };
    return [part(first), ...others.map(part)];
  }
}

function isObject(bytes: ElfBytes): boolean {
  const type = readType(bytes);
  return type === ET.EXEC || type === ET.DYN;
}
