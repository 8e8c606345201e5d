/**
 * A spool in which a large content can have an offset before it has a place: its bytes are diverted into a
 * layer, or are stored later. The first bytes of a diverted content stay in memory, because most readers
 * need no more.
 */
import type { Readable } from 'node:stream';
import { decompress } from '../../../compression/decompress.js';
import type { Change } from '../../../filesystem/changes.js';
import type { ContentSink } from '../../../filesystem/content-sink.js';
import { isDirectory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import { unpack } from '../../../filesystem/unpack.js';
import { Spool } from '../spool/spool.js';

const LAYER = 'a layer that was written ahead';

/** The first offset of diverted contents. The spool's own offsets are smaller. */
const FIRST_OFFSET = 2 ** 51;
/** Bytes kept of each. */
const MAX_HEAD = 64 << 10;
const NO_BYTES = Buffer.alloc(0);

interface DivertedContent {
  readonly offset: number;
  readonly size: number;
  head: Buffer;
  /** Its offset in the spool's own storage, once it is stored there. */
  place: number | undefined;
}

export class DivertingSpool extends Spool {
  /** In the order of their offsets. */
  readonly #contents: DivertedContent[] = [];
  #end = FIRST_OFFSET;

  /** Returns an offset for a content of `size` bytes, without storing it. */
  divert(size: number): number {
    const offset = this.#end;
    this.#contents.push({ offset, size, head: NO_BYTES, place: undefined });
    this.#end += size;
    return offset;
  }

  keepHead(offset: number, head: Buffer): void {
    this.#at(offset).head = Buffer.from(head.subarray(0, MAX_HEAD));
  }

  /** Begins to store a diverted content: the bytes that are appended next belong to it. */
  restore(offset: number): number {
    const content = this.#at(offset);
    content.place = this.begin(content.size);
    content.head = NO_BYTES;
    return content.place;
  }

  /**
   * Copies the diverted contents of a layer back. Rejects if the layer cannot be read, or the spool cannot be written.
   *
   * @param entries those of the layer
   * @param diverted the offsets of the contents to restore
   */
  async restoreFrom(
    layer: Readable,
    entries: readonly Change[],
    diverted: ReadonlySet<number>,
  ): Promise<void> {
    const offsets = new Map<string, number>();
    for (const { path, node } of entries)
      if (!isDirectory(node) && diverted.has(node.offset)) offsets.set(path, node.offset);
    const contents: ContentSink = {
      begin: (_size, path) => this.restore(offsets.get(path) as number),
      append: (bytes) => this.append(bytes),
      ready: () => this.ready(),
    };
    const keeps = (path: string): boolean => offsets.has(path);
    const tar = await decompress(layer, LAYER);
    await unpack(tar, { tree: new Tree(), contents, name: LAYER, keeps });
    await this.settle();
  }

  /** The first bytes of a content that is not stored here; undefined if it is. */
  headOf(offset: number): Buffer | undefined {
    if (offset < FIRST_OFFSET) return undefined;
    const { head, place } = this.#at(offset);
    return place === undefined ? head : undefined;
  }

  override whenReadable(end: number): Promise<void> | undefined {
    // The byte at `end` may belong to the next content.
    const place = this.#placeOf(end - 1);
    return place === undefined ? undefined : super.whenReadable(place + 1);
  }

  /** Throws for a content that is not stored here. */
  override read(target: Buffer, at: number, offset: number, length: number): void {
    const place = this.#placeOf(offset);
    if (place === undefined) throw new Error('the content is in a layer alone');
    super.read(target, at, place, length);
  }

  /** The spool's own offset of a byte; undefined if it is not stored here. */
  #placeOf(offset: number): number | undefined {
    if (offset < FIRST_OFFSET) return offset;
    const { offset: start, place } = this.#at(offset);
    return place === undefined ? undefined : place + offset - start;
  }

  #at(offset: number): DivertedContent {
    const found = this.#contents.findLast((content) => content.offset <= offset);
    if (found === undefined || offset >= found.offset + found.size)
      throw new Error('no content is at this offset');
    return found;
  }
}
