/** Whether an engine can take `--build-context`, and the forms of it that it can. */
import type { Readable } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import type { EngineRequest } from '../engine.js';
import type { Ping } from './connection.js';
import type { Builder } from './query.js';

/** Engine 23, the first whose BuildKit has a Dockerfile frontend that knows named contexts. */
const NAMED_CONTEXTS = [1, 42] as const;
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
  { apiVersion = '' }: Ping,
  open: OpenDirectory | undefined,
): ReadonlyMap<string, () => Promise<Readable>> | undefined {
  const contexts = Object.entries(buildContexts);
  const directories = new Map<string, () => Promise<Readable>>();
  for (const [name, value] of contexts) {
    const spec = `--build-context ${name}=${value}`;
    if (builder !== 'buildkit')
      throw refused(spec, 'only BuildKit has it', `set DOCKER_BUILDKIT=1, or ${BUILDX}`);
    const [major = 0, minor = 0] = apiVersion.split('.').map(Number);
    if (major < NAMED_CONTEXTS[0] || (major === NAMED_CONTEXTS[0] && minor < NAMED_CONTEXTS[1]))
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
  return new DockerceptionError('usage', 'BUILD_CONTEXT', `building with ${spec}: ${why}`, {
    hint,
  });
}
