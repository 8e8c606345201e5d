/** Plain data about layers, waste and findings. The page's client shares it, so it uses neither Node nor other modules. */

/** Paths that are listed of a finding or limit; the others are counted. */
export const MAX_LISTED = 20;

export interface LayerFacts {
  /** From the lowest, 0, up. */
  readonly index: number;
  /** SHA-256 of its tar, verified. Undefined for a context. */
  readonly diffId?: string;
  /** The digest of its blob, if it has a descriptor. */
  readonly digest?: string;
  /** Bytes of its blob, which is what is pulled. Undefined if it isn't stored compressed. */
  readonly compressed?: number;
  /** Bytes of its tar. */
  readonly raw: number;
  /** Bytes of the files in it. */
  readonly contents: number;
  /** Entries of its tar. */
  readonly entries: number;
  /** The instruction that created it, from the history: `COPY app /app`. */
  readonly createdBy?: string;
  /** Numbers of names that it added, changed in content or attributes, and removed. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Bytes of its files that later layers hide. */
  readonly wasted: number;
}

/** Bytes that are shipped but not needed. */
export interface Waste {
  /** Hidden bytes and those of duplicates. */
  readonly bytes: number;
  /** Files that a later layer overwrites or deletes; the largest first. */
  readonly hidden: readonly HiddenFile[];
  /** Files with the same content that are not hard links of each other; the largest waste first. */
  readonly duplicates: readonly Duplicate[];
}

export interface HiddenFile {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  /** The layer that contains it, and the one that hides it. */
  readonly layer: number;
  readonly by: number;
  readonly how: 'overwritten' | 'deleted';
}

export interface Duplicate {
  /** Bytes of one file. */
  readonly size: number;
  /** Bytes of all files but one. */
  readonly wasted: number;
  /** Absolute, at least two. */
  readonly paths: readonly string[];
}

/** An entry with an owner that an engine in a user namespace of 65,536 IDs can't map. */
export interface UnmappableEntry {
  /** Absolute. */
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Index of its layer. */
  readonly layer: number;
}

/** `error`: it won't start, or exposes a secret. `warning`: it should be changed. `info`: good to know. */
export type Severity = 'error' | 'warning' | 'info';

export interface Finding {
  /** Stable: `entrypoint-missing`. See docs/findings.md. */
  readonly id: string;
  readonly severity: Severity;
  /** Absolute path of the entry concerned; undefined if the finding concerns the image. */
  readonly path?: string;
  /** The problem in one line without a full stop; names in it are printable. */
  readonly message: string;
  /** The remedy in one line. */
  readonly advice: string;
}
