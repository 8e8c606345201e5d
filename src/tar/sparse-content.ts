/** The content of a sparse file, from the stored data and the map: data and holes. */
import { paddingOf } from './block.js';
import { badMap, continueOldMap, mapNumber, type SparseMap } from './sparse-map.js';

/** Receives the content. */
interface ContentHandler {
  data?(bytes: Buffer): void;
  hole?(length: number): void;
}

export class SparseContent {
  readonly #text: SparseText | undefined;
  /** Bytes of the body that remain. */
  #remaining: number;
  #region = -1;
  /** Bytes of content that were reported. */
  #position = 0;
  /** Remaining bytes of the current region. */
  #left = 0;

  /** @param size bytes of the body in the archive. Throws TAR_SPARSE for an invalid map. */
  constructor(
    private readonly map: SparseMap,
    size: number,
    private readonly handler: ContentHandler,
  ) {
    this.#remaining = size;
    if (map.rest === 'body') this.#text = new SparseText(map);
    if (map.rest === 'body' && size === 0) throw badMap('is missing');
    if (map.rest === 'none') map.close(size);
  }

  /** Reports a hole at the start, if it is known already. */
  begin(): void {
    if (this.map.rest === 'none') this.#next();
  }

  /** A block that continues old GNU's map. Throws TAR_SPARSE and TAR_FIELD. */
  mapBlock(block: Buffer): void {
    if (!continueOldMap(this.map, block)) this.#beginLate();
  }

  /** The body's next bytes. Throws TAR_SPARSE. */
  body(bytes: Buffer): void {
    let at = 0;
    if (this.#text?.isComplete === false) {
      at = this.#text.take(bytes);
      this.#remaining -= at;
      if (this.#text.isComplete) this.#beginLate();
      else if (this.#remaining === 0) throw badMap('goes on beyond what the archive has');
    }
    while (at < bytes.length) {
      const step = Math.min(this.#left, bytes.length - at);
      this.handler.data?.(bytes.subarray(at, at + step));
      at += step;
      this.#position += step;
      this.#left -= step;
      if (this.#left === 0) this.#next();
    }
  }

  #beginLate(): void {
    this.map.close(this.#remaining);
    this.#next();
  }

  /** Advances to the next region with data, or to the end of the file. */
  #next(): void {
    const { map } = this;
    do this.#region++;
    while (this.#region < map.length && map.bytes(this.#region) === 0);
    const isOver = this.#region >= map.length;
    const until = isOver ? map.size : map.offset(this.#region);
    if (until > this.#position) this.handler.hole?.(until - this.#position);
    this.#position = until;
    this.#left = isOver ? 0 : map.bytes(this.#region);
  }
}

/** Digits of 2^53. */
const MAX_DIGITS = 16;

/**
 * The map of PAX sparse 1.0: decimal numbers, each with a newline; the number of regions, then offset and length of
 * each; padded to a whole block. One number is held at a time. GNU tar manual, "Storing Sparse Files".
 */
class SparseText {
  #number = '';
  #regions: number | undefined;
  #offset: number | undefined;
  #read = 0;
  /** Remaining bytes of padding, after the last number. */
  #padding: number | undefined;

  constructor(private readonly map: SparseMap) {}

  /** Whether the map and its padding were read. */
  get isComplete(): boolean {
    return this.#padding === 0;
  }

  /** Reads the map's part of `bytes`; returns its length. Throws TAR_SPARSE. */
  take(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && this.#padding === undefined) {
      this.#read++;
      this.#byte(bytes[at++] as number);
    }
    if (this.#padding === undefined) return at;
    const skipped = Math.min(this.#padding, bytes.length - at);
    this.#padding -= skipped;
    return at + skipped;
  }

  #byte(byte: number): void {
    if (byte !== 0x0a) {
      if (this.#number.length === MAX_DIGITS) throw badMap('has an oversized number');
      this.#number += String.fromCharCode(byte);
      return;
    }
    const number = mapNumber(this.#number);
    this.#number = '';
    if (this.#regions === undefined) {
      this.map.expect(number);
      this.#regions = number;
    } else if (this.#offset === undefined) {
      this.#offset = number;
    } else {
      this.map.add(this.#offset, number);
      this.#offset = undefined;
    }
    if (this.map.length === this.#regions) this.#padding = paddingOf(this.#read);
  }
}
