/** The result of an inspection, as plain data. */
import type { ImageConfig } from '../image/config.js';
import { familiarName } from '../image/reference.js';
import { is, isObject } from '../options/values.js';
import type { Entry } from './entry.js';
import type { Finding, LayerFacts, UnmappableEntry, Waste } from './facts.js';

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

/** The name of the image, as engines show it; otherwise its target. The tag alone, as layouts have it, follows the target. */
export function titleOf({ image, target }: Pick<Inspection, 'image' | 'target'>): string {
  const [name = target] = image?.names ?? [];
  if (name.includes(':') || name === target) return familiarName(name);
  return target.endsWith(`:${name}`) ? target : `${target}:${name}`;
}

/** The user that the image starts as. */
export function userOf({ config }: ImageFacts): string {
  const user = config.config?.User;
  return user ? user : 'root';
}

export const inspectionCheck = is<Inspection>(
  "an inspection, which 'inspect' returns",
  (value) => isObject(value) && isObject(value['root']) && Array.isArray(value['layers']),
);

export const entryCheck = is<Entry>(
  "an entry, such as an inspection's root",
  (value) => isObject(value) && typeof value['path'] === 'string' && 'kind' in value,
);
