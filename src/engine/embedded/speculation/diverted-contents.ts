/**
 * Contents that aren't in the spool, but in a layer that was written while they came: of each, its first bytes are
 * here, which is all that most who look at files want. One that comes back into the spool is read from there.
 */

/** First bytes that are kept of each. */
const KEPT_HEAD = 64 << 10;

interface Content {
  readonly offset: number;
  readonly size: number;
  head: Buffer;
  /** Where it is in the spool. */
  place: number | undefined;
}

export class Elsewhere {
  readonly #from: number;
  /** In the order of their offsets. */
  readonly #contents: Content[] = [];
  #end: number;

  /** @param from the first of their offsets: from there on, all are theirs */
  constructor(from: number) {
    this.#from = from;
    this.#end = from;
  }

  /** The offset of one more content. */
  add(size: number): number {
    const offset = this.#end;
    this.#contents.push({ offset, size, head: Buffer.alloc(0), place: undefined });
    this.#end += size;
    return offset;
  }

  keepHead(offset: number, head: Buffer): void {
    this.#at(offset).head = Buffer.from(head.subarray(0, KEPT_HEAD));
  }

  /** The content is at `place` in the spool from now on. */
  moveTo(offset: number, place: number): void {
    const content = this.#at(offset);
    content.place = place;
    content.head = Buffer.alloc(0);
  }

  /** Where a byte is in the spool, of any content; undefined when it isn't there. */
  placeOf(offset: number): number | undefined {
    if (offset < this.#from) return offset;
    const { offset: start, place } = this.#at(offset);
    return place === undefined ? undefined : place + offset - start;
  }

  /** The first bytes of a content that isn't in the spool; undefined for one that is. */
  headOf(offset: number): Buffer | undefined {
    if (offset < this.#from) return undefined;
    const { head, place } = this.#at(offset);
    return place === undefined ? head : undefined;
  }

  #at(offset: number): Content {
    const found = this.#contents.findLast((content) => content.offset <= offset);
    if (found === undefined || offset >= found.offset + found.size)
      throw new Error('no content is at this offset');
    return found;
  }
}
