/** The content of a sparse file, from the stored data and the map: data and holes. */
import { paddingOf } from './block.js';
import { badMap, continueOldMap, mapNumber, type SparseMap } from './sparse-map.js';
import type { WalkHandler } from './walk-handler.js';

export class SparseContent {
  /** The map at the start of the body, until it is complete. */
  #text: Generator<undefined, void, number> | undefined;
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
    private readonly handler: Pick<WalkHandler, 'data' | 'hole'>,
  ) {
    this.#remaining = size;
    if (map.rest === 'body') this.#text = readMapText(map);
    this.#text?.next();
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
    while (this.#text !== undefined && at < bytes.length) {
      this.#remaining--;
      if (this.#text.next(bytes[at++] as number).done !== true) continue;
      this.#text = undefined;
      this.#beginLate();
    }
    if (this.#text !== undefined && this.#remaining === 0)
      throw badMap('goes on beyond what the archive has');
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
 * Reads the map of PAX sparse 1.0 byte by byte: decimal numbers, each with a newline; the number of regions, then offset
 * and length of each; padded to a whole block. GNU tar manual, "Storing Sparse Files".
 */
function* readMapText(map: SparseMap): Generator<undefined, void, number> {
  let read = 0;
  function* number(): Generator<undefined, number, number> {
    let text = '';
    for (;;) {
      const byte = yield;
      read++;
      if (byte === 0x0a) return mapNumber(text);
      if (text.length === MAX_DIGITS) throw badMap('has an oversized number');
      text += String.fromCharCode(byte);
    }
  }
  const regions = yield* number();
  map.expect(regions);
  while (map.length < regions) map.add(yield* number(), yield* number());
  for (let padding = paddingOf(read); padding > 0; padding--) yield;
}
