/** Writes the packed files of a directory to a layer: headers from a template, contents from the spool. */
import type { PackedRun } from '../../../filesystem/children.js';
import type { PackedFiles } from '../../../filesystem/packed-files.js';
import * as block from '../../../tar/block.js';
import { sumOf, writeChecksum } from '../../../tar/header-fields.js';
import { headerOf, writeHeader, type WrittenEntry } from '../../../tar/writer.js';
import type { Spool } from '../spool/spool.js';

/** The header of files that differ in name and size alone. */
interface Template {
  /** Without both; undefined if it needs records. */
  readonly header: Buffer | undefined;
  /** The sum of its bytes. */
  readonly sum: number;
  readonly mtime: number;
}

export class RunWriter {
  /** The last template for each number of attributes. */
  readonly #templates: Template[] = [];
  readonly #bytes: Uint8Array;

  /** @param chunk larger than any packed file with its header */
  constructor(
    private readonly spool: Spool,
    private readonly chunk: Buffer,
  ) {
    // Its methods are faster than those of Buffer.
    this.#bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
  }

  /**
   * Writes files from `next` on, as many as fit into the chunk after its `filled` bytes. Returns both values for the
   * next call.
   */
  write(run: PackedRun, next: number, filled: number): readonly [next: number, filled: number] {
    const { files, numbers } = run;
    const folder = Buffer.from(run.prefix, 'latin1');
    const bytes = this.#bytes;
    let at = filled;
    for (let i = next; i < numbers.length; i++) {
      const file = numbers[i] as number;
      const size = files.sizeOf(file);
      const padding = block.paddingOf(size);
      const template = this.#templateOf(files, file);
      const length = folder.length + files.nameLengthOf(file);
      const isPlain = template.header !== undefined && length <= block.NAME.length;
      const header = isPlain
        ? template.header
        : headerOf(entryOf(files, file, run.prefix + files.nameOf(file), size));
      if (at + header.length + size + padding > bytes.length) return [i, at];
      bytes.set(header, at);
      if (isPlain) this.#fillIn(at, folder, files, file, size, template.sum);
      at += header.length;
      if (size === 0) continue;
      this.spool.read(this.chunk, at, files.offsetOf(file), size);
      at += size;
      bytes.fill(0, at, at + padding);
      at += padding;
    }
    return [numbers.length, at];
  }

  /** Completes the copy of a template. */
  #fillIn(
    at: number,
    folder: Buffer,
    files: PackedFiles,
    file: number,
    size: number,
    templateSum: number,
  ): void {
    const bytes = this.#bytes;
    let sum = templateSum;
    let to = at;
    for (let i = 0; i < folder.length; i++) sum += bytes[to++] = folder[i] as number;
    const { names } = files;
    const start = files.nameStartOf(file);
    const end = start + files.nameLengthOf(file);
    for (let i = start; i < end; i++) sum += bytes[to++] = names[i] as number;
    // The template has zeros.
    const { at: field, length } = block.SIZE;
    let rest = size;
    for (let digit = at + field + length - 2; rest > 0; digit--) {
      sum += rest & 7;
      bytes[digit] = 0x30 + (rest & 7);
      rest >>>= 3;
    }
    writeChecksum(this.chunk, at, sum);
  }

  #templateOf(files: PackedFiles, file: number): Template {
    const number = files.attributeNumberOf(file);
    const mtime = files.mtimeOf(file);
    const known = this.#templates[number];
    if (known?.mtime === mtime) return known;
    const header = Buffer.alloc(block.BLOCK);
    const isPlain = writeHeader(header, 0, entryOf(files, file, '', 0)) === undefined;
    const template = { header: isPlain ? header : undefined, sum: sumOf(header, 0), mtime };
    this.#templates[number] = template;
    return template;
  }
}

function entryOf(files: PackedFiles, file: number, path: string, size: number): WrittenEntry {
  const { mode, uid, gid } = files.attributesOf(file);
  const mtime = files.mtimeOf(file);
  return { path, typeflag: '0', mode: mode & 0o7777, uid, gid, size, mtime };
}
