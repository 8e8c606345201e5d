/** The options of a build, and their checks. */
import { type Insecure } from './image/registry/insecure.js';
import type { Writable } from 'node:stream';
import { CONTEXT_OPTIONS, type ContextOptions } from './context-options.js';
import { ENGINE_NAMES, type EngineName } from './engine/choose.js';
import { OUTPUT_TYPES, type Engine, type Output } from './engine/engine.js';
import { parseCompression, type Compression } from './image/compression.js';
import { parsePlatform } from './image/platform.js';
import { isImageName } from './image/reference.js';
import { LIMIT_OPTIONS, type Limits } from './inspect/limit-options.js';
import { isObject, type Check, type OptionTable } from './options/check.js';
import {
  abortSignal,
  anyOf,
  callback,
  environment,
  flag,
  hostAddress,
  is,
  listOf,
  nonEmptyText,
  oneOf,
  parsed,
  recordOf,
  shape,
  text,
  writable,
} from './options/values.js';
import type { Report } from './progress/events.js';

/** What to build, and where the image goes; as `docker buildx build` has it. An unknown key is an error. */
export interface BuildOptions extends ContextOptions {
  /** The image's names. @default none */
  readonly tags?: readonly string[];
  /** Values of ARGs. @default none */
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Labels to set. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** The stage to build. @default the last one */
  readonly target?: string;
  /** `os/arch[/variant]`. @default the engine's */
  readonly platforms?: readonly string[];
  /** Build every step anew. @default false */
  readonly noCache?: boolean;
  /** Look for newer bases. @default false */
  readonly pull?: boolean;
  /** The network of RUN. @default the engine's */
  readonly network?: string;
  /** `HOST:IP`, each. @default none */
  readonly addHosts?: readonly string[];
  /** Further contexts by name. @default none */
  readonly buildContexts?: Readonly<Record<string, string>>;
  /** Push every tag when the image is there. @default false */
  readonly push?: boolean;
  /** Load the image into the engine that answers, whoever built it. @default false */
  readonly load?: boolean;
  /**
   * Archives, layouts and file systems to write.
   * @default none; the embedded engine writes `NAME.tar`, after the first tag, when nothing else is asked for
   */
  readonly outputs?: readonly Output[];
  /** How the layers that the embedded engine writes are compressed. @default gzip */
  readonly compression?: Compression;
  /**
   * Registries that may be reached over plain HTTP, or with a certificate that can't be verified: their hosts, or `true` for
   * those of `tags` with `push`, of `base`, and of images in `buildContexts`. @default false; loopback addresses always may
   */
  readonly insecure?: Insecure;
  /** What the image may not exceed: nothing that does is written here, or pushed. @default no limits */
  readonly limits?: Limits;
  /** Look into the image that was built, and tell what was found. @default true */
  readonly check?: boolean;
  /**
   * Which engine builds. `auto` is the embedded one for an image that goes to a file or a registry, and otherwise
   * the Docker Engine that `env` names, which has to answer; if `env` names none and none runs, the embedded one. @default 'auto'
   */
  readonly engine?: EngineName | Engine;
  /** Names the engine and the credentials: DOCKER_HOST, DOCKER_CONFIG, … @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** Where an output `-` goes. It isn't ended. @default process.stdout */
  readonly stdout?: Writable;
  /** Takes progress and notices. @default nobody */
  readonly report?: Report;
  /** Aborts: nothing is tagged, nothing is left behind. @default never */
  readonly signal?: AbortSignal;
}

const name = is(
  'a name of an image',
  (value) => typeof value === 'string' && isImageName(value),
  'as in registry:5000/team/app:1.10',
);

const compression: Check = (value) => {
  const refusal = shape<Compression>({ type: text, level: is('a level', Number.isInteger) }, [
    'type',
  ])(value);
  if (refusal !== undefined || !isObject(value)) return refusal;
  const level = value['level'] === undefined ? undefined : JSON.stringify(value['level']);
  const whole = parsed('a compression', (type) => parseCompression(type, level))(value['type']);
  return whole && { ...whole, at: level === undefined ? '.type' : '' };
};

/** The checks of {@link BuildOptions}. */
export const BUILD_OPTIONS: OptionTable<BuildOptions> = {
  ...CONTEXT_OPTIONS,
  tags: listOf(name),
  buildArgs: recordOf(text),
  labels: recordOf(text),
  target: text,
  platforms: listOf(parsed('a platform', parsePlatform)),
  noCache: flag,
  pull: flag,
  network: text,
  addHosts: listOf(hostAddress),
  buildContexts: recordOf(nonEmptyText),
  push: flag,
  load: flag,
  outputs: listOf(
    shape<Output>({ type: oneOf(OUTPUT_TYPES), dest: nonEmptyText, attributes: recordOf(text) }, [
      'type',
      'dest',
      'attributes',
    ]),
  ),
  compression,
  insecure: anyOf('true, false or a list of hosts', [flag, listOf(nonEmptyText)]),
  limits: shape<Limits>(LIMIT_OPTIONS),
  check: flag,
  engine: (value) => callback(value) && oneOf(ENGINE_NAMES)(value),
  env: environment,
  stdout: writable,
  report: callback,
  signal: abortSignal,
};
