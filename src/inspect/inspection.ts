/** The result of an inspection, as plain data. */
import type { ImageConfig } from '../image/config.js';
import { is, isObject } from '../options/values.js';
import type { Entry } from './entry.js';

/** Paths that are listed of a finding or limit; the others are counted. */
export const MAX_LISTED = 20;

/** The contents of an image or a context. */
export interface Inspection {
  readonly kind: 'image' | 'context';
  /** As the user named it: `app.tar`, `app:latest`, `standard input`. */
  readonly target: string;
  /** Undefined for a context. */
  readonly image?: ImageFacts;
  /** From the lowest up; a context is one layer. */
  readonly layers: readonly LayerFacts[];
  /** The merged file system. */
  readonly root: Entry;
  /** Bytes of all files in all layers, hidden ones included, as engines count an image's size. */
  readonly size: number;
  readonly waste: Waste;
  /** Entries with owners above 65535: the first 20, and their number. */
  readonly unmappable: { readonly first: readonly UnmappableEntry[]; readonly count: number };
  /** Errors first, then warnings; by id, then by path. */
  readonly findings: readonly Finding[];
}

/** The names and the configuration of an image. */
export interface ImageFacts {
  /** All known names: `docker.io/library/app:1`. */
  readonly names: readonly string[];
  /** The digest of its configuration. */
  readonly id: string;
  /** The digest of its manifest, if any. */
  readonly digest?: string;
  /** `linux/arm64/v8` */
  readonly platform: string;
  readonly config: ImageConfig;
}

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

export const inspectionCheck = is<Inspection>(
  "an inspection, which 'inspect' returns",
  (value) => isObject(value) && isObject(value['root']) && Array.isArray(value['layers']),
);

export const entryCheck = is<Entry>(
  "an entry, such as an inspection's root",
  (value) => isObject(value) && typeof value['path'] === 'string' && 'kind' in value,
);
