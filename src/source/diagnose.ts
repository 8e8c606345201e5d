/** Explains why a stream isn't a valid tar: the walk knows the place, this module the usual mistakes. */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import { MODE, NAME } from '../tar/block.js';
import type { Trailing } from '../tar/walk-handler.js';
import { printable } from '../text/printable.js';
import { sourceFailed } from './source.js';

/** Bytes at the start of the stream to keep. */
const HEAD = 1024;
const ACCEPTED =
  'a context is a tar, plain or compressed with gzip, zstd, xz, bzip2, compress or lz4';
const CR = 0x0d;
const LF = 0x0a;

/** Records the first bytes of a stream, and whether CRLF conversion has damaged it. */
export class StreamEvidence {
  head = Buffer.alloc(0);
  /** Bytes read. */
  seen = 0;
  #lineFeeds = 0;
  #bareLineFeed = false;
  #last = 0;

  /** Adds a chunk, before it is edited in place. Cheap after the first bare line feed. */
  add(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.head.length < HEAD)
      this.head = Buffer.concat([this.head, chunk.subarray(0, HEAD - this.head.length)]);
    for (let at = -1; !this.#bareLineFeed && (at = chunk.indexOf(LF, at + 1)) >= 0;) {
      this.#lineFeeds++;
      this.#bareLineFeed = (at === 0 ? this.#last : chunk[at - 1]) !== CR;
    }
    this.#last = chunk[chunk.length - 1] as number;
    this.seen += chunk.length;
  }

  /** Whether the stream starts with a line of text; a tar may follow it. */
  get startsWithText(): boolean {
    const newline = this.head.indexOf(LF);
    if (newline < 0 && this.head.length >= 512) return false;
    const line = this.head.subarray(0, newline < 0 ? undefined : newline);
    return line.every((byte) => byte >= 0x20 || byte === 0x09 || byte === CR || byte === 0x1b);
  }

  /** Whether there are line feeds, all of them after a carriage return. */
  get crlfDamaged(): boolean {
    return this.#lineFeeds > 0 && !this.#bareLineFeed;
  }
}

/** The errors that CRLF damage causes: data in the padding, records that are too long. */
const CRLF_ERRORS = /^TAR_(PADDING|PAX)$/;

/** Returns the error with a reason from the evidence, or unchanged. */
export function diagnose(
  error: DockerceptionError,
  name: string,
  { seen, head, startsWithText, crlfDamaged }: StreamEvidence,
): DockerceptionError {
  const { code } = error;
  const refusal = (code: ErrorCode, why: string, hint: string): DockerceptionError =>
    new DockerceptionError('context', code, `reading ${name}: ${why}`, { cause: error, hint });
  if (seen === 0) {
    return new DockerceptionError('context', 'CONTEXT_EMPTY', `reading ${name}: it is empty`, {
      hint: 'the builder has to write a tar to its standard output: CMD tar -c .',
    });
  }
  const isText = code === 'TAR_NOT_A_TAR' && startsWithText;
  if (crlfDamaged && !isText && CRLF_ERRORS.test(code)) {
    const hint = 'run the builder without a terminal: docker run without -t';
    return refusal('CONTEXT_CRLF', 'every LF in it has become CRLF, as a terminal does', hint);
  }
  if (code !== 'TAR_NOT_A_TAR' && (code !== 'TAR_TRUNCATED' || seen >= 512)) return error;
  const start = head.toString('latin1', 0, 16);
  const [, format, formatHint = ACCEPTED] = FOREIGN.find(([starts]) => starts.test(start)) ?? [];
  if (format !== undefined)
    return refusal('CONTEXT_NOT_A_TAR', `it is ${format}, not a tar`, formatHint);
  if (!startsWithText) {
    if (code === 'TAR_TRUNCATED' && beginsAHeader(head)) return error;
    const hint = 'nothing but the tar may come on the standard output of the builder';
    return refusal('CONTEXT_NOT_A_TAR', 'it does not start with a tar header', hint);
  }
  const line = firstLine(head);
  const isDockerfile =
    /^\s*(#\s*(syntax|escape|check)=|FROM\s|ARG\s)/i.test(line) ||
    (line.startsWith('#') && /^\s*FROM\s+\S/im.test(head.toString('latin1')));
  if (isDockerfile) {
    const hint =
      'put it into a tar with what it copies: tar -c Dockerfile app | dockerception …, or name a directory as its context: -f - DIR';
    return refusal('CONTEXT_TEXT', `it is a Dockerfile, not a tar: "${line}"`, hint);
  }
  const builderHint = "the builder's log belongs on standard error: end its commands with >&2";
  const hint = name === 'standard input' ? builderHint : ACCEPTED;
  return refusal('CONTEXT_TEXT', `it starts with text, not with a tar: "${line}"`, hint);
}

const CONVERT = 'bsdtar converts it: bsdtar -cf - @FILE | dockerception …';
const unpackWith = (program: string): string =>
  `decompress it with its program: ${program} < FILE | dockerception …`;

/** Formats that are no tar, by their first bytes as a binary string. */
const FOREIGN: readonly (readonly [starts: RegExp, format: string, hint?: string])[] = [
  [/^PK[\x03\x05\x07]/, 'a zip archive', CONVERT],
  [/^7z\xbc\xaf\x27\x1c/, 'a 7z archive', CONVERT],
  [/^Rar!\x1a\x07/, 'a rar archive', CONVERT],
  [/^MSCF\0/, 'a cabinet archive', CONVERT],
  [/^xar!/, 'a xar archive', CONVERT],
  [/^!<arch>/, 'an ar archive', CONVERT],
  [/^07070[127]|^\xc7\x71|^\x71\xc7/, 'a cpio archive', CONVERT],
  [/^\x7fELF/, 'an ELF program'],
  [/^\x89LZO\0\r\n\x1a\n/, 'lzop data', unpackWith('lzop -dc')],
  [/^LRZI/, 'lrzip data', 'decompress it with its program: lrunzip FILE'],
  [/^LZIP/, 'lzip data', unpackWith('lzip -dc')],
  [/^\x5d\0\0[\0-\xff]{2}/, 'lzma data', unpackWith('xz --format=lzma -dc')],
  [/^\xff\x06\0\0sNaPpY/, 'snappy data', unpackWith('python3 -m snappy -d')],
];

/** Whether less than a block may begin a header: a name, padded with NULs, then numbers. */
function beginsAHeader(head: Buffer): boolean {
  const nul = head.indexOf(0);
  const name = head.subarray(0, NAME.length);
  if (nul < 0 || (nul < name.length && name.subarray(nul).some((byte) => byte !== 0))) return false;
  const mode = head.subarray(MODE.at, MODE.at + MODE.length);
  return mode.every(
    (byte) => byte === 0 || byte === 0x20 || (byte >= 0x30 && byte <= 0x37) || byte === 0x80,
  );
}

function firstLine(head: Buffer): string {
  const text = head.toString('utf8');
  const line = text.split(/\r?\n/).find((candidate) => candidate.trim() !== '') ?? '';
  return printable(line.trimEnd(), 100);
}

/** Explains an error of the walk, or adds the name to the stream's own error. */
export function explain(error: unknown, name: string, evidence: StreamEvidence): Error {
  if (!(error instanceof DockerceptionError)) return sourceFailed(name, error);
  const isDiagnosed = error.kind === 'context' && DIAGNOSED.test(error.code);
  return isDiagnosed ? diagnose(error, name, evidence) : error;
}

/** The errors that damage can cause. */
const DIAGNOSED = /^TAR_(?!TRAILING|UNSAFE|LINK)/;

/** Describes data after the end-of-archive for a message. */
export function describeTrailing({ bytes, sample }: Trailing): string {
  const shown = JSON.stringify(printable(sample.toString('latin1'), 64)).replace(/\\\\/g, '\\');
  return `${bytes} bytes after the end-of-archive, starting with ${shown}`;
}

/** The error for a stream that ends between two entries. */
export function unterminated(name: string, hint: string): DockerceptionError {
  const message = `reading ${name}: it is cut short between two entries: no end-of-archive`;
  return new DockerceptionError('context', 'TAR_UNTERMINATED', message, { hint });
}
