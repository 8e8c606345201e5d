/** The options of an image that BuildKit has, and other builders in part. */
import { flagIn, list, optional, record } from './schema.js';
import { amount, matching, nonEmptyText, recordOf, shape, text } from './values.js';

/** A secret of `RUN --mount=type=secret`: the content of a file, or the value of an environment variable. */
export interface Secret {
  readonly id: string;
  /** A path. */
  readonly src?: string;
  /** The name of a variable. */
  readonly env?: string;
}

/** An SSH agent of `RUN --mount=type=ssh`. */
export interface SshAgent {
  readonly id: string;
  /** The path of its socket. @default SSH_AUTH_SOCK */
  readonly path?: string;
}

/** A cache to import or export: a type and its attributes, as of `docker buildx build --cache-to`. */
export interface Cache {
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
}

const buildkit = flagIn('BuildKit');

const cache = shape<Cache>({ type: nonEmptyText, attrs: recordOf(text) }, ['type', 'attrs']);

export const BUILDKIT = {
  /** Secrets of RUN. @default none */
  secrets: list(
    shape<Secret>({ id: nonEmptyText, src: nonEmptyText, env: nonEmptyText }, ['id']),
    buildkit('--secret id=ID[,src=FILE] ...', 'a secret of RUN: a file, or env=NAME'),
  ),
  /** SSH agents of RUN. @default none */
  ssh: list(
    shape<SshAgent>({ id: nonEmptyText, path: nonEmptyText }, ['id']),
    buildkit('--ssh ID[=SOCKET] ...', 'an SSH agent of RUN: default is that of SSH_AUTH_SOCK'),
  ),
  /** Caches to read. @default none */
  cacheFrom: list(
    cache,
    buildkit('--cache-from REF ...', 'a cache to read: type=registry,ref=REF'),
  ),
  /** Caches to write. @default none */
  cacheTo: list(cache, buildkit('--cache-to REF ...', 'a cache to write: type=registry,ref=REF')),
  /** Stages to build without the cache. @default none */
  noCacheFilter: list(
    nonEmptyText,
    buildkit('--no-cache-filter STAGE ...', 'build these stages without the cache'),
  ),
  /** Privileges of RUN: `network.host`, `security.insecure`. @default none */
  allow: list(nonEmptyText, buildkit('--allow NAME ...', 'a privilege of RUN: security.insecure')),
  /** Limits of RUN: `nofile=1024:2048`. @default the builder's */
  ulimits: list(
    matching('a limit', /^[a-z]+=-?\d+(?::-?\d+)?$/),
    buildkit('--ulimit NAME=SOFT[:HARD] ...', 'a limit of RUN: nofile=1024'),
  ),
  /** Bytes of `/dev/shm` in RUN. @default the builder's */
  shmSize: optional(amount, buildkit('--shm-size SIZE', 'the size of /dev/shm in RUN: 64MiB')),
  /** Annotations of the image: `[TYPE:]KEY=VALUE`. @default none */
  annotations: list(
    matching('an annotation', /^[^=]+=/),
    buildkit('--annotation KEY=VALUE ...', "an annotation of the image's manifest"),
  ),
  /** Attestations by type, with their attributes: `{ sbom: '', provenance: 'mode=max' }`. @default none */
  attests: record(
    text,
    buildkit('--attest type=TYPE ...', 'an attestation: sbom, or provenance,mode=max'),
    buildkit('--provenance MODE', 'an attestation of the provenance: min, max or false'),
    buildkit('--sbom true', 'an attestation with the bill of materials'),
  ),
};
