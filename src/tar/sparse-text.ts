/**
 * PAX sparse 1.0's map: decimal numbers with a newline behind each, the count of regions first, then
 * offset and length of each; padded to a whole block. GNU tar manual, "Storing Sparse Files".
 * Read as it comes: no more of it is held than one number.
 */
import { paddingOf } from './block.js';
import { badMap, type SparseMap } from './sparse-map.js';
import { mapNumber } from './sparse-pax.js';

/** Digits of 2^53. */
const DIGITS = 16;

export class SparseText {
  #number = '';
  #regions: number | undefined;
  #offset: number | undefined;
  #read = 0;
  /** Bytes left of it, once the last number was read. */
  #padding: number | undefined;

  constructor(private readonly map: SparseMap) {}

  /** Whether the map, with its padding, is behind us. */
  get isComplete(): boolean {
    return this.#padding === 0;
  }

  /** Takes what belongs to the map; returns how many bytes that were. Throws TAR_SPARSE. */
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
      if (this.#number.length === DIGITS) throw badMap('has an oversized number');
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
