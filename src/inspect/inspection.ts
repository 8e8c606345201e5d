/** What was found inside a context or an image: plain data, made by one pass over its layers. */
import type { ImageConfig } from '../image/config.js';
import type { Entry } from './entry.js';
import type { Finding } from './finding.js';
import type { UnmappableEntry } from './read/unmappable.js';

/** An image or a context, looked into. */
export interface Inspection {
  readonly kind: 'image' | 'context';
  /** As it was asked for: `app.tar`, `app:latest`, `standard input`. */
  readonly target: string;
  /** Undefined for a context. */
  readonly image?: ImageFacts;
  /** From the lowest up; a context is one. */
  readonly layers: readonly LayerFacts[];
  /** The file system that all layers together make. */
  readonly root: Entry;
  /** Bytes of all files in all layers, as engines count an image's size: what is hidden counts, too. */
  readonly size: number;
  readonly waste: Waste;
  /** Owners above 65535: the first entries, and how many there are. */
  readonly unmappable: { readonly first: readonly UnmappableEntry[]; readonly count: number };
  /** Errors first, then warnings; by id, then by path. */
  readonly findings: readonly Finding[];
}

/** What an image says of itself. */
export interface ImageFacts {
  /** `docker.io/library/app:1`, all that are known. */
  readonly names: readonly string[];
  /** The digest of its configuration. */
  readonly id: string;
  /** Of its manifest, where there is one. */
  readonly digest?: string;
  /** `linux/arm64/v8` */
  readonly platform: string;
  readonly config: ImageConfig;
}

/** One layer. */
export interface LayerFacts {
  /** From the lowest, 0, up. */
  readonly index: number;
  /** SHA-256 of its tar, as the image says; verified. Undefined for a context. */
  readonly diffId?: string;
  /** Of its blob, where it has a descriptor. */
  readonly digest?: string;
  /** Bytes of its blob: what is pulled. Undefined where it isn't stored compressed. */
  readonly compressed?: number;
  /** Bytes of its tar. */
  readonly raw: number;
  /** Bytes of the files in it. */
  readonly contents: number;
  /** Entries of its tar. */
  readonly entries: number;
  /** The instruction that made it, tidied: `COPY app /app`; undefined where no history tells. */
  readonly createdBy?: string;
  /** Names that it brought, whose content or attributes it changed, that it took away. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  /** Bytes of its files that a later layer hides: they are shipped for nothing. */
  readonly wasted: number;
}

/** Bytes that are shipped and serve nobody. */
export interface Waste {
  /** Hidden bytes and those of repeated contents. */
  readonly bytes: number;
  /** Overwritten or deleted by a later layer; the largest first. */
  readonly hidden: readonly HiddenFile[];
  /** The same content under names that aren't links of each other; the largest waste first. */
  readonly duplicates: readonly Duplicate[];
}

export interface HiddenFile {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  /** The layer that has it, and the one that hides it. */
  readonly layer: number;
  readonly by: number;
  readonly how: 'overwritten' | 'deleted';
}

export interface Duplicate {
  /** Bytes of one of them. */
  readonly size: number;
  /** Bytes of all but one. */
  readonly wasted: number;
  /** Absolute, at least two. */
  readonly paths: readonly string[];
}
