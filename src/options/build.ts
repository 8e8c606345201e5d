/** The options of a build: those of its context and of its image, the engine, and the surroundings. */
import type { ProgressEvent } from '../progress/events.js';
import { CONTEXT } from './context.js';
import { IMAGE } from './image.js';
import { INSECURE_FLAG, insecureHosts } from './inspect.js';
import { LIMITS, type Limits } from './limits.js';
import {
  checksOf,
  type Complete,
  env,
  flagIn,
  option,
  optional,
  receiver,
  signal,
} from './schema.js';
import { callback, type Check, flag, nonEmptyText, oneOf, shape, writable } from './values.js';

/** The engines that can be named; `auto` chooses one. */
export const ENGINE_NAMES = ['auto', 'docker', 'buildkit', 'embedded'] as const;

/** An engine by its name. */
export type EngineName = (typeof ENGINE_NAMES)[number];

/** An engine of the caller's; the type of `build` has its parameters. */
type OwnEngine = (context: never, request: never) => Promise<unknown>;

const engineCheck: Check<EngineName | OwnEngine> = (value) =>
  callback()(value) && oneOf(ENGINE_NAMES)(value);
const engine = flagIn('Engine and output');

/** The options of `build` beside those of a context. */
export const BUILD_ONLY = {
  /** Which engine builds, by its name, or one of the caller's. @default 'auto' */
  engine: option(
    engineCheck,
    () => 'auto' as const,
    engine('--engine ENGINE', `${ENGINE_NAMES.join(', ')} (default: DOCKERCEPTION_ENGINE, auto)`, {
      isCommon: true,
      values: ENGINE_NAMES,
    }),
  ),
  /** A builder of buildx, or the address of a BuildKit. @default BUILDX_BUILDER or BUILDKIT_HOST of `env` */
  builder: optional(
    nonEmptyText,
    engine('--builder NAME', 'a buildx builder, or the address of a BuildKit', {
      isCommon: true,
      values: ['<builder>'],
    }),
  ),
  /** A PEM file with the authority of BuildKit's certificate, for `tcp://`. @default those of the system, if another TLS option is given */
  tlsCaCert: optional(
    nonEmptyText,
    engine('--tls-ca-cert FILE', "the authority of BuildKit's certificate"),
  ),
  /** A PEM file with the client's certificate. @default none */
  tlsCert: optional(
    nonEmptyText,
    engine('--tls-cert FILE', "the client's certificate for BuildKit"),
  ),
  /** A PEM file with the client's key. @default none */
  tlsKey: optional(nonEmptyText, engine('--tls-key FILE', "the client's key for BuildKit")),
  /** The name in BuildKit's certificate. @default the host of the address */
  tlsServerName: optional(
    nonEmptyText,
    engine('--tls-server-name NAME', "the name in BuildKit's certificate"),
  ),
  ...IMAGE,
  /**
   * Registries that may be reached over plain HTTP, or with a certificate that can't be verified: their hosts, or `true` for
   * those of `tags` with `push`, of `base`, and of images in `buildContexts`. @default false; loopback addresses always may
   */
  insecure: option(insecureHosts, () => false, engine(...INSECURE_FLAG)),
  /** Limits of the image; one that exceeds them is neither written nor pushed. @default no limits */
  limits: optional(shape<Limits>(checksOf(LIMITS))),
  /** Inspect the image that was built, and report findings. @default true */
  check: option(flag, () => true, flagIn('Check')('--no-check', "don't inspect the built image")),
  /** Names the engine and the credentials: DOCKER_HOST, DOCKER_CONFIG, … @default process.env */
  env,
  /** Where an output `-` goes. It isn't ended. @default process.stdout */
  stdout: option(writable, () => process.stdout),
  /** Receives progress and notices. @default ignored */
  report: receiver<ProgressEvent>(),
  /** Aborts: nothing is tagged, and nothing temporary is kept. @default never */
  signal,
};

/** The schema of the options of `build`. */
export const BUILD = { ...CONTEXT, ...BUILD_ONLY };

/** Complete options of `build`. */
export type CompleteBuild = Complete<typeof BUILD>;
