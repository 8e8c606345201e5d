/**
 * Probes an ELF file as its bytes arrive. The program header shows which ranges a loader reads; only these are retained.
 * Texts that reveal TLS libraries and time zones are searched for in constants, not in code or debug information.
 */
import {
  ET,
  openElf,
  readArchitecture,
  readEntry,
  readObject,
  readType,
  unknownElf,
} from '../../elf/elf.js';
import {
  type ElfBytes,
  ElfError,
  ElfGap,
  type ElfPart,
  PT,
  readSegments,
} from '../../elf/elf-bytes.js';
import { WATCHED_SYMBOLS } from '../../elf/elf-file.js';
import { builtInDirectories } from '../../elf/loader.js';
import type { Content, ElfContent } from './content.js';
import { constantRanges, type FileRange, loaderRanges } from './elf-ranges.js';
import { GrowableBuffer } from './growable-buffer.js';
import { PatternSearch } from './pattern-search.js';

/** Bytes that contain the program header; patchelf(1) moves some further. */
const HEAD = 4096;
/** Files with a program header further on, and loaders, are retained as a whole up to this size. */
const MAX_WHOLE = 4 << 20;
const LIBRARY = /\.so(?:\.[\w.]+)?$/;

/** Texts that a library always contains, in all current versions. They are long, so that a search is fast. */
const PATTERNS = [
  // crypto/x509, UnknownAuthorityError.Error: crypto/tls links it always.
  ['go', 'x509: certificate signed by unknown authority'],
  // rustls, Display of Error, since 0.12.
  ['rustls', 'received corrupt message of type '],
  // OpenSSL since 1.1, ssl/ssl_stat.c.
  ['openssl', 'SSLv3/TLS write client hello'],
  // An authority in DER, in every bundle: webpki-roots, x509roots/fallback.
  ['certificates', 'Internet Security Research Group'],
  // PEM, as in Node.
  ['pem', '-----BEGIN CERTIFICATE-----\nMII'],
  // A zone with a long name, in time/tzdata's archive and in every table of zones.
  ['zones', 'America/North_Dakota/New_Salem'],
  ['namesZones', '/usr/share/zoneinfo'],
] as const;

const TLS_LIBRARIES = ['go', 'rustls', 'openssl'] as const;

export class ElfProbe {
  readonly #buffer = new GrowableBuffer();
  readonly #patterns = new PatternSearch(PATTERNS);
  #path = '';
  #size = 0;
  #position = 0;
  /** Everything up to this offset is retained until the program header is read. */
  #headEnd = 0;
  #isHead = true;
  #retain: readonly FileRange[] = [];
  #search: readonly FileRange[] = [];

  begin(path: string, size: number): void {
    this.#path = path;
    this.#size = size;
    this.#position = 0;
    this.#headEnd = Math.min(HEAD, size);
    this.#isHead = true;
    this.#retain = this.#search = [];
    this.#buffer.clear();
    this.#patterns.begin();
  }

  get satisfied(): boolean {
    const isAhead = (range: FileRange | undefined): boolean => (range?.end ?? 0) > this.#position;
    return (
      !this.#isHead &&
      !isAhead(this.#retain.at(-1)) &&
      (!isAhead(this.#search.at(-1)) || this.#patterns.hasAll)
    );
  }

  data(bytes: Buffer): void {
    let rest = bytes;
    if (this.#isHead) {
      const head = bytes.subarray(0, this.#headEnd - this.#position);
      this.#buffer.append(head);
      this.#position += head.length;
      if (this.#position < this.#headEnd) return;
      this.#plan();
      rest = bytes.subarray(head.length);
    }
    this.#pass(rest.length, rest);
  }

  hole(length: number): void {
    // A header of zeros is rejected within these bytes.
    const head = this.#isHead ? Math.min(length, HEAD) : 0;
    if (head > 0) this.data(Buffer.alloc(head));
    this.#pass(length - head);
  }

  end(): Content | undefined {
    const parts = this.#parts();
    try {
      const elf = readElfContent(openElf(parts, this.#size), this.#path, this.#buffer.view());
      if (elf === undefined) return undefined;
      return { elf, ...(elf.kind === 'program' ? patternFacts(this.#patterns.end()) : {}) };
    } catch (error) {
      if (error instanceof ElfError) return { damaged: error.message };
      throw error;
    }
  }

  /** Reads the program header, which shows the ranges. */
  #plan(): void {
    this.#isHead = false;
    const head = { start: 0, end: this.#headEnd };
    const whole = this.#size <= MAX_WHOLE ? [{ start: 0, end: this.#size }] : undefined;
    try {
      const bytes = openElf([{ at: 0, bytes: this.#buffer.view() }], this.#size);
      const type = readType(bytes);
      if (type !== ET.EXEC && type !== ET.DYN) return;
      const segments = readSegments(bytes);
      this.#retain =
        (isLoader(this.#path) ? whole : undefined) ?? loaderRanges(segments, this.#size, head);
      const isProgram =
        type === ET.EXEC ||
        readEntry(bytes) !== 0 ||
        segments.some((segment) => segment.type === PT.INTERP);
      if (!isProgram || LIBRARY.test(this.#path)) return;
      this.#search = constantRanges(segments, this.#size);
    } catch (error) {
      if (error instanceof ElfGap) this.#retain = whole ?? [];
      // end() reports damage.
      else if (!(error instanceof ElfError)) throw error;
    }
    // Searches the bytes that were retained so far.
    for (const { start, end } of this.#search)
      if (start < this.#position) this.#patterns.feed(this.#buffer.view(start, end));
  }

  #pass(length: number, bytes?: Buffer): void {
    const from = this.#position;
    const to = from + length;
    this.#position = to;
    for (const range of this.#retain) {
      const [start, end] = [Math.max(range.start, from), Math.min(range.end, to)];
      if (start >= end) continue;
      if (bytes === undefined) this.#buffer.appendZeros(end - start);
      else this.#buffer.append(bytes.subarray(start - from, end - from));
    }
    for (const range of this.#search) {
      const [start, end] = [Math.max(range.start, from), Math.min(range.end, to)];
      if (start >= end) continue;
      if (bytes === undefined) this.#patterns.interrupt();
      else this.#patterns.feed(bytes.subarray(start - from, end - from));
      if (end === range.end) this.#patterns.interrupt();
    }
  }

  #parts(): [ElfPart, ...ElfPart[]] {
    const [first = { start: 0, end: this.#headEnd }, ...others] = this.#retain;
    let at = 0;
    const part = ({ start, end }: FileRange): ElfPart => {
      const bytes = this.#buffer.view(at, (at += end - start));
      return { at: start, bytes };
    };
    return [part(first), ...others.map(part)];
  }
}

function isLoader(path: string): boolean {
  return /\/ld[-\d][^/]*$/.test(path);
}

/** Whether an ELF file has the same facts at both paths: more is read of loaders, and less of libraries. */
export function sameElfRole(path: string, other: string): boolean {
  return isLoader(path) === isLoader(other) && LIBRARY.test(path) === LIBRARY.test(other);
}

/**
 * Undefined for an unknown type of file.
 * @param retained bytes, which contain the directories of a loader
 * @throws ElfError if it is cut short or damaged
 */
function readElfContent(bytes: ElfBytes, path: string, retained: Buffer): ElfContent | undefined {
  const type = readType(bytes);
  const unknown = unknownElf(readArchitecture(bytes));
  if (type === ET.REL) return { ...unknown, kind: 'relocatable' };
  if (type === ET.CORE) return { ...unknown, kind: 'core' };
  try {
    const object = readObject(bytes, WATCHED_SYMBOLS);
    if (object === undefined) return undefined;
    // A loader reads only the start of each segment.
    for (const { type, offset, size } of readSegments(bytes))
      if (type === PT.LOAD && offset + size > bytes.size)
        throw new ElfError(
          `its segments end at byte ${offset + size}, the file at byte ${bytes.size}`,
        );
    const { elf, isProgram } = object;
    const directories = isLoader(path) ? builtInDirectories(retained) : undefined;
    return {
      ...elf,
      kind: isProgram ? 'program' : 'library',
      ...(directories && { directories }),
    };
  } catch (error) {
    if (!(error instanceof ElfGap)) throw error;
    // The needed bytes were not retained.
    return { ...unknown, kind: type === ET.EXEC ? 'program' : 'library' };
  }
}

function patternFacts(
  found: ReadonlySet<(typeof PATTERNS)[number][0]>,
): Pick<Content, 'tls' | 'embeds' | 'namesZones'> {
  const tls = TLS_LIBRARIES.find((library) => found.has(library));
  const certificates = found.has('certificates') || found.has('pem');
  const zones = found.has('zones');
  return {
    ...(tls && { tls }),
    ...((certificates || zones) && {
      embeds: { ...(certificates && { certificates }), ...(zones && { zones }) },
    }),
    ...(found.has('namesZones') && { namesZones: true as const }),
  };
}
