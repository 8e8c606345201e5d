/**
 * What the page is given, as JSON: columns in place of objects, since 100,000 objects are slow to
 * read and their keys are most of the file. Shared with the client; knows neither Node nor the DOM.
 */

export interface PageData {
  /** One side, or with a comparison two: before, after. */
  readonly sides: readonly SideData[];
  readonly difference?: DifferenceData;
}

/** An image or a context. */
export interface SideData {
  readonly kind: 'image' | 'context';
  readonly target: string;
  /** Of an image. */
  readonly id?: string;
  readonly platform?: string;
  /** What to say of an image besides: label and value. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly size: number;
  readonly layers: readonly LayerData[];
  readonly findings: readonly FindingData[];
  readonly waste: WasteData;
  readonly entries: EntryColumns;
}

export interface LayerData {
  readonly diffId?: string;
  readonly compressed?: number;
  readonly contents: number;
  readonly createdBy?: string;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly wasted: number;
}

export interface FindingData {
  readonly id: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly path?: string;
  readonly message: string;
  readonly advice: string;
}

/** The largest alone are listed: the rest is a number. */
export interface WasteData {
  readonly bytes: number;
  readonly hidden: readonly HiddenData[];
  readonly hiddenCount: number;
  readonly duplicates: readonly DuplicateData[];
  readonly duplicatesCount: number;
}

export interface HiddenData {
  readonly path: string;
  readonly size: number;
  readonly layer: number;
  readonly by: number;
  readonly how: 'overwritten' | 'deleted';
}

export interface DuplicateData {
  readonly size: number;
  readonly wasted: number;
  /** The first of them; `count` says how many there are. */
  readonly paths: readonly string[];
  readonly count: number;
}

/** Entries in the order of a walk, directories in front of what they hold: the root is number 0. */
export interface EntryColumns {
  /** Joined by the one character that no name has: `/`. */
  readonly names: string;
  /** How far below the root. */
  readonly depths: readonly number[];
  /** One letter each, see {@link KINDS}. */
  readonly kinds: string;
  /** One letter each: `p`rogram, `l`ibrary, `s`cript, `-` for what is not known by its content. */
  readonly contents: string;
  readonly sizes: readonly number[];
  /** Seconds after the one in front. */
  readonly times: readonly number[];
  readonly layers: readonly number[];
  /** Indices into `owners`. */
  readonly owned: readonly number[];
  readonly owners: readonly (readonly [mode: number, uid: number, gid: number])[];
  /** Symbolic links. */
  readonly targets: readonly (readonly [entry: number, target: string])[];
  /** Further names of a file, with the entry that has its first. */
  readonly again: readonly (readonly [entry: number, first: number])[];
  readonly devices: readonly (readonly [entry: number, major: number, minor: number])[];
  readonly xattrs: readonly (readonly [entry: number, names: readonly string[]])[];
}

/** The letter of each kind of entry. */
export const KINDS = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  'char-device': 'c',
  'block-device': 'b',
  fifo: 'p',
} as const;

/** What became of an entry. */
export type Change = 'gone' | 'stayed' | 'new' | 'changed' | 'moved';

/** The letter of each change. */
export const CHANGES = { gone: 'g', stayed: 's', new: 'n', changed: 'c', moved: 'm' } as const;

/** One side against the other. */
export interface DifferenceData {
  readonly before: number;
  readonly after: number;
  /** One letter each, see {@link CHANGES}. */
  readonly changes: string;
  /** Entries of either side; -1 where it has none. */
  readonly old: readonly number[];
  readonly now: readonly number[];
}
