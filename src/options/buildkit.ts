/** The options of an image that BuildKit has, and other builders in part. */
import { parseAnnotation, parseUlimit } from './buildkit-values.js';
import { COMMON, flagIn, list, option, optional, toggle } from './schema.js';
import {
  amount,
  type Check,
  matching,
  nonEmptyText,
  oneOf,
  parsed,
  recordOf,
  shape,
  text,
} from './values.js';

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

/** Attestations of the image with their attributes: `{ sbom: '', provenance: 'mode=max' }`. */
export type Attests = Readonly<Partial<Record<'provenance' | 'sbom', string>>>;

/** Requests to the Dockerfile frontend that build nothing. */
export const CALL_METHODS = ['check', 'outline', 'targets'] as const;

export type CallMethod = (typeof CALL_METHODS)[number];

const buildkit = flagIn('BuildKit');
const CACHES = { values: ['type=registry,ref='] };

const cacheType: Check<string> = (value) => {
  if (value !== 'local') return nonEmptyText(value);
  const hint = 'type=registry,ref=REF, or `dockerception filter | docker buildx build … -`';
  return { why: 'is a cache on this machine, which BuildKit can’t reach', hint };
};
const cache = shape<Cache>({ type: cacheType, attrs: recordOf(text) }, ['type', 'attrs']);

export const BUILDKIT = {
  /** Secrets of RUN. @default none */
  secrets: list(
    shape<Secret>({ id: nonEmptyText, src: nonEmptyText, env: nonEmptyText }, ['id']),
    buildkit('--secret id=ID[,src=FILE] ...', 'a secret of RUN: a file, or env=NAME', COMMON),
  ),
  /** SSH agents of RUN. @default none */
  ssh: list(
    shape<SshAgent>({ id: nonEmptyText, path: nonEmptyText }, ['id']),
    buildkit('--ssh ID[=SOCKET] ...', 'an SSH agent of RUN: default, or ID=SOCKET', {
      values: ['default'],
    }),
  ),
  /** Caches to read. @default none */
  cacheFrom: list(
    cache,
    buildkit('--cache-from REF ...', 'a cache to read: type=registry,ref=REF', CACHES),
  ),
  /** Caches to write. @default none */
  cacheTo: list(
    cache,
    buildkit('--cache-to REF ...', 'a cache to write: type=registry,ref=REF', CACHES),
  ),
  /** Stages to build without the cache. @default none */
  noCacheFilter: list(
    nonEmptyText,
    buildkit('--no-cache-filter STAGE ...', 'build these stages without the cache'),
  ),
  /** Privileges of RUN: `network.host`, `security.insecure`, `device[=NAME]`. @default none */
  allow: list(
    matching(
      'one of network.host, security.insecure, device',
      /^(?:network\.host|security\.insecure|device(?:=[^,]+(?:,alias=.+)?)?)$/,
    ),
    buildkit('--allow NAME ...', 'a privilege of RUN: security.insecure', {
      values: ['network.host', 'security.insecure', 'device'],
    }),
  ),
  /** Limits of RUN: `nofile=1024:2048`. @default the builder's */
  ulimits: list(
    parsed('a limit', parseUlimit),
    buildkit('--ulimit NAME=SOFT[:HARD] ...', 'a limit of RUN: nofile=1024'),
  ),
  /** Bytes of `/dev/shm` in RUN; 0 is the builder's. @default the builder's */
  shmSize: optional(amount, buildkit('--shm-size SIZE', 'the size of /dev/shm in RUN: 64m')),
  /** Annotations of the image: `[TYPE:]KEY=VALUE`. @default none */
  annotations: list(
    parsed('an annotation', parseAnnotation),
    buildkit('--annotation KEY=VALUE ...', "an annotation of the image's manifest"),
  ),
  /** Attestations of the image. @default none */
  attests: option(
    shape<Attests>({ provenance: text, sbom: text }),
    () => ({}),
    buildkit('--attest type=TYPE ...', 'an attestation: sbom, or provenance,mode=max', {
      values: ['type=sbom', 'type=provenance,mode=max'],
    }),
    buildkit('--provenance MODE', 'provenance: mode=max, true or false', {
      values: ['mode=max', 'true', 'false'],
    }),
    buildkit('--sbom BOOL', 'a bill of materials: true or false'),
  ),
  /** Keep the result in BuildKit's cache alone: `type=cacheonly` of `docker buildx build --output`. @default false */
  cacheOnly: toggle(),
  /** Build nothing: check the Dockerfile, or list its parameters or targets. @default an image is built */
  call: optional(
    oneOf(CALL_METHODS),
    buildkit('--call METHOD', 'build nothing: check, outline or targets', { values: CALL_METHODS }),
    buildkit('--check', 'build nothing: --call=check'),
  ),
};
