/** Limits that are exceeded, and by what. */

/** One limit that is exceeded. */
export interface Exceeded {
  readonly limit:
    | '--max-size'
    | '--max-layers'
    | '--max-waste'
    | '--deny'
    | '--deny-setuid'
    | '--deny-ids'
    | '--must-run';
  /** The value that was given, where it tells one from another: a pattern. */
  readonly value?: string;
  /** One line, not yet printable. */
  readonly message: string;
  /** The first 20 of what exceeds it. */
  readonly offenders: readonly Offender[];
  /** How many there are. */
  readonly count: number;
}

/** Something that isn't allowed. Neither is printable yet. */
export interface Offender {
  readonly path?: string;
  readonly why?: string;
}

/** So many are listed; the others are counted. */
export const MAX_OFFENDERS = 20;

/** Gathers the first few, and counts all. */
export class Offenders {
  readonly #offenders: Offender[] = [];
  #count = 0;
  #noun = 'file';

  add(offender: Offender, directory = false): void {
    if (directory) this.#noun = 'path';
    if (this.#count++ < MAX_OFFENDERS) this.#offenders.push(offender);
  }

  exceeded(limit: Exceeded['limit'], value?: string): Exceeded[] {
    if (this.#count === 0) return [];
    const path = this.#offenders[0]?.path;
    const message = this.#count === 1 ? `${path}` : `${this.#count} ${this.#noun}s, ${path} …`;
    const found = { limit, message, offenders: this.#offenders, count: this.#count };
    return [value === undefined ? found : { ...found, value }];
  }
}
