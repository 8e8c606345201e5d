/** Groups entries, so that many of one kind are one finding. */
import { formatBytes } from '../../../text/format.js';
import { printable } from '../../../text/printable.js';
import type { Entry } from '../../entry.js';

/** Names in a message. */
const MAX_NAMES = 4;

export interface Group {
  readonly first: Entry;
  readonly count: number;
  readonly bytes: number;
  /** The first few names. */
  readonly names: ReadonlySet<string>;
}

export class Groups {
  readonly #groups = new Map<
    string,
    { -readonly [Key in keyof Group]: Group[Key] } & { names: Set<string> }
  >();

  add(key: string, entry: Entry): void {
    let group = this.#groups.get(key);
    if (group === undefined)
      this.#groups.set(key, (group = { first: entry, count: 0, bytes: 0, names: new Set() }));
    group.count++;
    group.bytes += entry.size;
    if (group.names.size < MAX_NAMES) group.names.add(entry.name);
  }

  [Symbol.iterator](): IterableIterator<[key: string, group: Group]> {
    return this.#groups.entries();
  }
}

/** `1,204 C headers`, `a C header` */
export function counted(count: number, one: string, many: string): string {
  return count === 1 ? one : `${count.toLocaleString('en')} ${many}`;
}

/** `gcc, g++ and 7 more` */
export function namesOf({ names, count }: Group): string {
  const shown = [...names].map((name) => printable(name)).join(', ');
  return count > names.size
    ? `${shown} and ${(count - names.size).toLocaleString('en')} more`
    : shown;
}

/** `(12 MB)` */
export function size(bytes: number): string {
  return `(${formatBytes(bytes)})`;
}
