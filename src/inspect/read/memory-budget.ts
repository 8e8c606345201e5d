/**
 * How many entries there is memory for. Contents pass by, entries stay; when they don't fit, Node ends without a word
 * that anybody understands.
 */
import { getHeapStatistics } from 'node:v8';
import { DockerceptionError } from '../../errors.js';

/** Bytes that an entry takes beside its name, seen over a million of them, and of a name's byte. */
const EACH = 1100;
const OF_NAME = 2;
/** The rest is for what is made of entries: lines, findings, a difference. */
const SHARE = 0.75;

export class Room {
  readonly #most: number;
  #taken = 0;

  /** @param most bytes @default as much as Node has */
  constructor(most = getHeapStatistics().heap_size_limit * SHARE) {
    this.#most = most;
  }

  /**
   * Takes room for one more entry; returns how much.
   * @param names bytes of its name, its target and its attributes
   * @throws DockerceptionError of kind context, code TARGET_ENTRIES
   */
  take(names: number): number {
    const bytes = EACH + OF_NAME * names;
    if (this.#taken + bytes > this.#most)
      throw new DockerceptionError(
        'context',
        'TARGET_ENTRIES',
        'there is no memory for more entries',
        { hint: 'NODE_OPTIONS=--max-old-space-size=16000 gives it 16 GB' },
      );
    this.#taken += bytes;
    return bytes;
  }

  /** What was read for nothing. */
  give(bytes: number): void {
    this.#taken -= bytes;
  }
}
