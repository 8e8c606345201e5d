/**
 * The data of the page, as JSON. Entries are columns: 100,000 objects would be slow to parse, and most of the file would be
 * their keys. Shared with the client, so it uses neither Node nor the DOM.
 */
import type { Duplicate, Finding, HiddenFile, LayerFacts } from '../inspect/facts.js';

export interface PageData {
  /** One side; in a comparison before and after. */
  readonly sides: readonly SideData[];
  readonly difference?: DifferenceData;
}

/** An image or a context. */
export interface SideData {
  readonly kind: 'image' | 'context';
  /** The name of the image, if it has one; otherwise the target. */
  readonly title: string;
  /** Of an image, as are the platform and the user. */
  readonly id?: string;
  readonly platform?: string;
  readonly user?: string;
  /** Further facts of an image. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly size: number;
  readonly layers: readonly LayerFacts[];
  readonly findings: readonly Finding[];
  readonly waste: WasteData;
  readonly entries: EntryColumns;
}

/** Lists are limited to the largest files; the counts are of all. */
export interface WasteData {
  readonly bytes: number;
  readonly hidden: readonly HiddenFile[];
  readonly hiddenCount: number;
  readonly duplicates: readonly DuplicateData[];
  readonly duplicatesCount: number;
}

/** With the first of `count` paths. */
export interface DuplicateData extends Duplicate {
  readonly count: number;
}

/** Entries in the order of a walk, directories before their contents; the root is number 0. */
export interface EntryColumns {
  /** Joined by `/`. */
  readonly names: string;
  /** Levels below the root. */
  readonly depths: readonly number[];
  /** One letter each, see {@link KINDS}. */
  readonly kinds: string;
  /** One letter each: `p`rogram, `l`ibrary, `s`cript, otherwise `-`. */
  readonly contents: string;
  readonly sizes: readonly number[];
  /** Seconds after the previous entry. */
  readonly times: readonly number[];
  readonly layers: readonly number[];
  /** Indices into `owners`. */
  readonly owned: readonly number[];
  readonly owners: readonly (readonly [mode: number, uid: number, gid: number])[];
  /** Targets of symbolic links. */
  readonly targets: readonly (readonly [entry: number, target: string])[];
  /** Further names of a file, with the entry of the first. */
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

/** The kinds of change of an entry, in the order of the page. */
export const CHANGES = ['gone', 'stayed', 'new', 'changed', 'moved'] as const;
export type Change = (typeof CHANGES)[number];

/** A comparison, as columns of its entries. */
export interface DifferenceData {
  readonly before: number;
  readonly after: number;
  /** The first letters of {@link CHANGES}. */
  readonly changes: string;
  /** Entries of each side; -1 if it has none. */
  readonly old: readonly number[];
  readonly now: readonly number[];
}
