/** What an engine can do: its builder, and the options that are refused before anything is sent. */
import type { Readable } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import type { EngineRequest } from '../engine.js';
import type { Ping } from './connection.js';
import type { Environment } from './endpoint.js';
import type { Builder } from './query.js';

// The words of Go's strconv.ParseBool, which the docker CLI reads DOCKER_BUILDKIT with.
const YES = ['1', 't', 'T', 'TRUE', 'true', 'True'];
const NO = ['0', 'f', 'F', 'FALSE', 'false', 'False'];

/**
 * `DOCKER_BUILDKIT` when it is set, else the `Builder-Version` that the engine sent. Podman has one
 * builder only, and doesn't mind the variable.
 *
 * @throws DockerceptionError of kind usage, code DOCKER_BUILDKIT, when the variable is no boolean.
 */
export function chooseBuilder(env: Environment, ping: Ping): Builder {
  if (ping.isPodman) return 'podman';
  const wish = env['DOCKER_BUILDKIT'];
  if (!wish) return ping.builderVersion === '2' ? 'buildkit' : 'classic';
  if (YES.includes(wish)) return 'buildkit';
  if (NO.includes(wish)) return 'classic';
  throw new DockerceptionError(
    'usage',
    'DOCKER_BUILDKIT',
    `reading DOCKER_BUILDKIT: ${JSON.stringify(wish)} is neither true nor false`,
    { hint: 'set it to 1 or 0, or unset it' },
  );
}

/** The Engine API of Docker 23, the first whose BuildKit has a Dockerfile frontend that knows named contexts. */
const NAMED_CONTEXTS = [1, 42] as const;
/** The Engine API of Docker 25, whose archives are OCI layouts as well. */
const OCI_ARCHIVES = [1, 44] as const;
const REMOTE = /^(?:docker-image:\/\/|https?:\/\/|git:\/\/|git@|ssh:\/\/git@)./;
const BUILDX = 'use `dockerception filter | docker buildx build --build-context … -`';
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/** Opens a tar of a directory of the host. */
export type OpenDirectory = (path: string) => Promise<Readable>;

/**
 * Refuses the contexts that this engine would ignore or can't read.
 *
 * @param open opens directories; without it they are refused.
 * @returns undefined when there are none, else what opens each of the directories among them.
 * @throws DockerceptionError of kind usage, code BUILD_CONTEXT.
 */
export function checkBuildContexts(
  { buildContexts }: Pick<EngineRequest, 'buildContexts'>,
  builder: Builder,
  ping: Ping,
  open: OpenDirectory | undefined,
): ReadonlyMap<string, () => Promise<Readable>> | undefined {
  const contexts = Object.entries(buildContexts);
  const directories = new Map<string, () => Promise<Readable>>();
  for (const [name, value] of contexts) {
    const spec = `--build-context ${name}=${value}`;
    if (builder !== 'buildkit')
      throw refused(spec, 'only BuildKit has it', `set DOCKER_BUILDKIT=1, or ${BUILDX}`);
    if (!hasApi(ping, NAMED_CONTEXTS))
      throw refused(spec, 'engines know it from version 23 on', BUILDX);
    if (REMOTE.test(value)) continue;
    if (open !== undefined && !SCHEME.test(value)) directories.set(name, () => open(value));
    else
      throw refused(
        spec,
        'the docker engine takes directories, docker-image://, https:// and git://',
        BUILDX,
      );
  }
  return contexts.length > 0 ? directories : undefined;
}

function refused(spec: string, why: string, hint: string): DockerceptionError {
  return usage('BUILD_CONTEXT', `building with ${spec}: ${why}`, hint);
}

/**
 * Refuses what the engine can't do, before anything is sent.
 *
 * @param warn called when an archive will be in Docker's format although OCI's was requested.
 * @throws DockerceptionError of kind usage.
 */
export function checkOutputs(
  options: Pick<EngineRequest, 'outputs' | 'push' | 'tags'>,
  ping: Ping,
  warn: (message: string) => void,
): void {
  if (options.push && options.tags.length === 0)
    throw usage(
      'PUSH_UNTAGGED',
      'pushing the image: it has no name',
      'name it with -t REGISTRY/NAME',
    );
  for (const { type, dest, attributes } of options.outputs) {
    const spec = `type=${type},dest=${dest}`;
    if (type !== 'docker' && type !== 'oci')
      throw usage(
        'OUTPUT_TYPE',
        `writing ${spec}: the docker engine writes type=docker and type=oci only`,
        'without RUN, --engine embedded writes it; with RUN, `dockerception filter | docker buildx build --output … -`',
      );
    const attribute = Object.keys(attributes).find(
      (key) => key !== 'tar' || attributes[key] !== 'true',
    );
    if (attribute !== undefined)
      throw usage(
        'OUTPUT_ATTRIBUTE',
        `writing ${spec},${attribute}=${attributes[attribute]}: the docker engine doesn't know ${attribute}`,
        'leave it out, or without RUN use --engine embedded; else `dockerception filter | docker buildx build --output … -`',
      );
    if (type === 'oci' && (ping.isPodman || !hasApi(ping, OCI_ARCHIVES)))
      warn(`this engine writes Docker's archive format: ${dest} is type=docker, not type=oci`);
  }
}

function hasApi(
  { apiVersion = '' }: Ping,
  [needMajor, needMinor]: readonly [number, number],
): boolean {
  const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
  return major > needMajor || (major === needMajor && minor >= needMinor);
}

function usage(code: string, message: string, hint: string): DockerceptionError {
  return new DockerceptionError('usage', code, message, { hint });
}
