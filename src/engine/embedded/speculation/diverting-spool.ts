/**
 * A spool in which a large content can have an offset before it is stored, or diverted: its bytes then go through a ring
 * buffer to the writer of a layer. Its first bytes stay in memory, because most readers need no more.
 */
import type { Readable } from 'node:stream';
import { decompress } from '../../../compression/decompress.js';
import type { Change } from '../../../filesystem/changes.js';
import type { ContentSink } from '../../../filesystem/content-sink.js';
import { isDirectory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';
import { Spool } from '../spool/spool.js';
import { RingBuffer } from './ring-buffer.js';

const LAYER = 'a layer that was written ahead';

/** The first offset of large contents. The spool's own offsets are smaller. */
const FIRST_OFFSET = 2 ** 51;
/** Bytes kept of each diverted content. */
const MAX_HEAD = 64 << 10;

interface LargeContent {
  readonly offset: number;
  readonly size: number;
  /** Its offset in the spool's own storage, if it is stored. */
  place?: number;
  /** Its first bytes, and its position in the ring buffer, if it is diverted. */
  head?: Buffer;
  start?: number;
}

export class DivertingSpool extends Spool {
  /** Offsets of the contents that are not stored. */
  readonly diverted = new Set<number>();
  /** In the order of their offsets. */
  readonly #contents: LargeContent[] = [];
  readonly #ring = new RingBuffer();
  #end = FIRST_OFFSET;
  #isDiverting = false;

  /** Returns an offset for a content of `size` bytes, which is stored or diverted later. */
  reserve(size: number): number {
    const offset = this.#end;
    this.#contents.push({ offset, size });
    this.#end += size;
    return offset;
  }

  override begin(size?: number): number {
    this.#isDiverting = false;
    return super.begin(size);
  }

  /** Begins to store a large content: the bytes that are appended next belong to it. */
  store(offset: number): void {
    const content = this.#at(offset);
    content.place = this.begin(content.size);
    delete content.head;
  }

  /** Begins to divert a large content with its first bytes; the bytes that are appended next belong to it. */
  divert(offset: number, head: Buffer): void {
    const content = this.#at(offset);
    content.start = this.#ring.length;
    content.head = Buffer.from(head.subarray(0, MAX_HEAD));
    this.diverted.add(offset);
    this.#isDiverting = true;
    this.append(head);
  }

  override append(bytes: Buffer): void {
    if (this.#isDiverting) this.#ring.append(bytes);
    else super.append(bytes);
  }

  override ready(): Promise<void> | undefined {
    return this.#isDiverting ? this.#ring.ready() : super.ready();
  }

  /** The reader of diverted contents has failed: {@link ready} and {@link whenReadable} reject with the reason. */
  fail(reason: unknown): void {
    this.#ring.fail(reason);
  }

  /**
   * Copies the diverted contents of a layer back. Rejects if the layer cannot be read, or the spool cannot be written.
   *
   * @param entries those of the layer
   */
  async restoreFrom(layer: Readable, entries: readonly Change[]): Promise<void> {
    const offsets = new Map<string, number>();
    for (const { path, node } of entries)
      if (!isDirectory(node) && this.diverted.has(node.offset)) offsets.set(path, node.offset);
    const contents: ContentSink = {
      begin: (_size, path) => {
        const offset = offsets.get(path) as number;
        this.store(offset);
        return offset;
      },
      append: (bytes) => this.append(bytes),
      ready: () => this.ready(),
    };
    const keeps = (path: string): boolean => offsets.has(path);
    const tar = await decompress(layer, LAYER);
    await unpack(tar, { tree: new Tree(), contents, name: LAYER, keeps });
    await this.settle();
  }

  /** The first bytes of a diverted content; undefined for any other. */
  headOf(offset: number): Buffer | undefined {
    return offset < FIRST_OFFSET ? undefined : this.#at(offset).head;
  }

  override whenReadable(end: number): Promise<void> | undefined {
    // The byte at `end` may belong to the next content.
    if (end - 1 < FIRST_OFFSET) return super.whenReadable(end);
    const { offset, place, start } = this.#at(end - 1);
    if (place !== undefined) return super.whenReadable(place + end - offset);
    return start === undefined ? undefined : this.#ring.whenReadable(start + end - offset);
  }

  /** Diverted bytes can be read once, in order. Throws for a content that is neither stored nor diverted. */
  override read(target: Buffer, at: number, offset: number, length: number): void {
    if (offset < FIRST_OFFSET) {
      super.read(target, at, offset, length);
      return;
    }
    const content = this.#at(offset);
    const from = offset - content.offset;
    if (content.place !== undefined) super.read(target, at, content.place + from, length);
    else if (content.start !== undefined) this.#ring.take(target, at, content.start + from, length);
    else throw new Error('the content has not arrived');
  }

  #at(offset: number): LargeContent {
    const found = this.#contents.findLast((content) => content.offset <= offset);
    if (found === undefined || offset >= found.offset + found.size)
      throw new Error('no content is at this offset');
    return found;
  }
}
