/** The options of a build with an engine: what the engine supports, and the query of `POST /build`. */
import type { Readable } from 'node:stream';
import type { ErrorCode } from '../../error-codes.js';
import { DockerceptionError } from '../../errors.js';
import { ulimitsOf } from '../../options/buildkit-values.js';
import { parseBoolean } from '../../options/values.js';
import type { EngineRequest, EngineSettings } from '../engine.js';
import { hostWith, REMOTE } from '../request.js';
import {
  type BuildkitOption,
  givenBuildkitOptions,
  refuseBuildkitOptions,
  SINCE,
} from '../unsupported.js';
import type { Connection, Ping } from './connection.js';
import { hasContainerdStore, hasImage } from './images.js';

export type BuildBackend = 'classic' | 'buildkit' | 'podman';

/**
 * The backend that `DOCKER_BUILDKIT` names, else the default of the engine. Podman has only one.
 *
 * @throws DockerceptionError of kind usage, code DOCKER_BUILDKIT, if the variable is no boolean.
 */
export function chooseBackend(env: NodeJS.ProcessEnv, ping: Ping): BuildBackend {
  if (ping.isPodman) return 'podman';
  const wish = env['DOCKER_BUILDKIT'];
  if (!wish) return ping.builderVersion === '2' ? 'buildkit' : 'classic';
  const isBuildKit = parseBoolean(wish);
  if (isBuildKit !== undefined) return isBuildKit ? 'buildkit' : 'classic';
  const message = `reading DOCKER_BUILDKIT: ${JSON.stringify(wish)} is neither true nor false`;
  throw usage('DOCKER_BUILDKIT', message, 'set it to 1 or 0, or unset it');
}

/** The minor version of the Engine API 1 of Docker 23, the first whose Dockerfile frontend supports named contexts. */
const NAMED_CONTEXTS = 42;
/** That of Docker 25, whose archives are also OCI layouts. */
const OCI_ARCHIVES = 44;
/** The builders without BuildKit. */
const OTHERS = {
  classic: { name: 'the classic builder', other: 'DOCKER_BUILDKIT=1, or `builder`' },
  podman: { name: 'Podman’s API', other: 'Docker, or `builder`' },
};
const BUILDX = 'use `dockerception filter | docker buildx build --build-context … -`';
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Refuses build contexts that the engine would ignore or cannot read.
 *
 * @param open opens a directory. @default directories are refused
 * @returns a function for each directory that opens it.
 * @throws DockerceptionError of kind usage, code BUILD_CONTEXT.
 */
export function checkBuildContexts(
  { buildContexts }: Pick<EngineRequest, 'buildContexts'>,
  backend: BuildBackend,
  ping: Ping,
  open: EngineSettings['openDirectory'] | undefined,
): ReadonlyMap<string, () => Promise<Readable>> {
  const directories = new Map<string, () => Promise<Readable>>();
  for (const [name, value] of Object.entries(buildContexts)) {
    const refused = (why: string, hint = BUILDX): DockerceptionError =>
      usage('BUILD_CONTEXT', `building with \`buildContexts: ${name}=${value}\`: ${why}`, hint);
    if (backend !== 'buildkit')
      throw refused('only BuildKit has it', `set DOCKER_BUILDKIT=1, or ${BUILDX}`);
    if (!hasApi(ping, NAMED_CONTEXTS)) throw refused('engines know it from version 23 on');
    if (REMOTE.test(value)) continue;
    const kinds = 'the docker engine takes directories, docker-image://, https:// and git://';
    if (open === undefined || SCHEME.test(value)) throw refused(kinds);
    directories.set(name, () => open(value));
  }
  return directories;
}

/**
 * Refuses options of BuildKit that the engine would ignore.
 *
 * @throws DockerceptionError of kind usage, code BUILDKIT_ONLY; of kind engine.
 */
export async function checkBuildkitOptions(
  request: EngineRequest,
  backend: BuildBackend,
  ping: Ping,
  connection: Connection,
  notice: (message: string) => void,
): Promise<void> {
  const { cacheFrom, cacheTo, signal } = request;
  if (backend !== 'buildkit') {
    const { name, other } = OTHERS[backend];
    // Podman reads a cache that only Podman writes.
    const hasCache =
      backend === 'classic' &&
      cacheFrom.every(({ type, attrs }) => type === 'registry' && attrs['ref']);
    refuseBuildkitOptions(request, name, `BuildKit has it: ${other}`, (option) =>
      option === 'cacheFrom' ? hasCache : option === 'ulimits' || option === 'shmSize',
    );
    for (const { attrs } of cacheFrom) {
      const { ref = '' } = attrs;
      if (!(await hasImage(connection, ref, signal)))
        notice(`there is no ${ref} in the engine, so it is no cache: \`docker pull ${ref}\` first`);
    }
    return;
  }
  const newer = 'Docker 24 has it, or `builder`';
  refuseBuildkitOptions(request, 'BuildKit of this engine', newer, (option) =>
    hasApi(ping, SINCE[option] ?? 0),
  );
  const isInline = cacheTo.every(({ type }) => type === 'inline');
  const isKept = (option: BuildkitOption): boolean =>
    option === 'cacheTo' ? isInline : option !== 'annotations' && option !== 'attests';
  if (givenBuildkitOptions(request).every(isKept)) return;
  if (await hasContainerdStore(connection, signal)) return;
  const other = 'turn on the containerd image store, or use `builder`';
  refuseBuildkitOptions(request, 'an engine without the containerd image store', other, isKept);
}

/**
 * Refuses outputs, and numbers of platforms, that the engine does not have.
 *
 * @param warn called if an archive will be in Docker's format instead of OCI's.
 * @throws DockerceptionError of kind usage.
 */
export function checkOutputs(
  options: Pick<EngineRequest, 'outputs' | 'platforms' | 'push' | 'tags'>,
  ping: Ping,
  warn: (message: string) => void,
): void {
  if (options.platforms.length > 1)
    throw usage(
      'PLATFORMS',
      'building for several platforms: an engine builds for one at a time',
      'without RUN, `engine: embedded` builds for all; with RUN, `dockerception filter | docker buildx build --platform … -`',
    );
  if (options.push && options.tags.length === 0)
    throw usage(
      'PUSH_UNTAGGED',
      'pushing the image: it has no name',
      'name it with `tags: REGISTRY/NAME`',
    );
  for (const { type, dest, attributes } of options.outputs) {
    const spec = `type=${type},dest=${dest}`;
    if (type !== 'docker' && type !== 'oci')
      throw usage(
        'OUTPUT_TYPE',
        `writing ${spec}: the docker engine writes type=docker and type=oci only`,
        'without RUN, `engine: embedded` writes it; with RUN, `dockerception filter | docker buildx build --output … -`',
      );
    for (const [attribute, value] of Object.entries(attributes)) {
      if (attribute === 'tar' && value === 'true') continue;
      throw usage(
        'OUTPUT_ATTRIBUTE',
        `writing ${spec},${attribute}=${value}: the docker engine doesn't know ${attribute}`,
        'leave it out, or without RUN use `engine: embedded`; else `dockerception filter | docker buildx build --output … -`',
      );
    }
    if (type === 'oci' && (ping.isPodman || !hasApi(ping, OCI_ARCHIVES)))
      warn(`this engine writes Docker's archive format: ${dest} is type=docker, not type=oci`);
  }
}

function hasApi({ apiVersion = '' }: Ping, minorVersion: number): boolean {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= minorVersion);
}

/**
 * The query of `POST /build` (Engine API, ImageBuild), without the leading `?`, for the builders without BuildKit. It has
 * no tags: the image is named later.
 *
 * @throws DockerceptionError of kind usage for an option that the API does not have.
 */
export function buildQuery(
  options: EngineRequest,
  backend: Exclude<BuildBackend, 'buildkit'>,
): string {
  const { buildArgs, labels, target, platforms, network } = options;
  const isPodman = backend === 'podman';
  const query = new URLSearchParams({ dockerfile: options.file });
  for (const [key, map] of Object.entries({ buildargs: buildArgs, labels }))
    if (Object.keys(map).length > 0) query.set(key, JSON.stringify(map));
  if (target) query.set('target', target);
  if (platforms[0]) query.set('platform', platforms[0].toLowerCase());
  // Podman's cache compares unexpanded instructions, so that `ENV A=$A` matches with any A. A build with arguments does
  // not use the cache, and leaves no intermediate layers to later builds.
  const isUncached = isPodman && Object.keys(buildArgs).length > 0;
  if (isUncached || options.noCache) query.set('nocache', '1');
  if (isUncached) query.set('layers', '0');
  if (options.pull) query.set('pull', '1');
  // Podman ignores `networkmode`, and runs every step in the host's network.
  if (isPodman && network && network !== 'host' && network !== 'default')
    throw usage(
      'NETWORK',
      `building with \`network: ${network}\`: Podman's API runs every step in the host's network`,
      `use \`dockerception filter | podman build --network ${network} -\``,
    );
  if (network) query.set('networkmode', network);
  const limits = ulimitsOf(options.ulimits).map(({ name, soft, hard }) =>
    isPodman ? `${name}=${soft}:${hard}` : { Name: name, Soft: soft, Hard: hard },
  );
  const caches = options.cacheFrom.map(({ attrs }) => attrs['ref']);
  if (limits.length > 0) query.set('ulimits', JSON.stringify(limits));
  if (caches.length > 0) query.set('cachefrom', JSON.stringify(caches));
  if (options.shmSize) query.set('shmsize', String(options.shmSize));
  const hosts = options.addHosts.map((host) => hostWith(':', host));
  const gateway = hosts.find((host) => isPodman && host.endsWith(':host-gateway'));
  if (gateway !== undefined)
    throw usage(
      'HOST_GATEWAY',
      `building with \`addHosts: ${gateway}\`: Podman's API does not know host-gateway`,
      'its containers know the host as host.containers.internal',
    );
  // Podman answers 400 to a repeated key.
  const repeated = isPodman && hosts.length > 0 ? [JSON.stringify(hosts)] : hosts;
  for (const host of repeated) query.append('extrahosts', host);
  // Intermediate containers are removed, after a failure too.
  query.set('rm', '1');
  query.set('forcerm', '1');
  if (!isPodman) query.set('version', '1');
  return query.toString();
}

function usage(code: ErrorCode, message: string, hint: string): DockerceptionError {
  return new DockerceptionError('usage', code, message, { hint });
}
