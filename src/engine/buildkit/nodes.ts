/** The nodes of a builder of buildx, which `docker buildx inspect` lists. */
import { DockerceptionError } from '../../errors.js';
import { formatPlatform, parsePlatform } from '../../image/platform.js';
import type { EngineRequest } from '../engine.js';
import { listNodes } from '../stored-builders.js';
import type { Builder } from './builder.js';

/** Milliseconds for the list, which asks all nodes. */
const TIMEOUT = 30_000;

/**
 * The builder that connects to the node for the platform of a build. If buildx fails, the connection reports the reason.
 *
 * @throws DockerceptionError of kind usage, PLATFORMS: there are several nodes and several platforms, which only buildx distributes.
 */
export async function atNode(
  builder: Builder,
  { platforms, signal }: Pick<EngineRequest, 'platforms' | 'signal'>,
  env: NodeJS.ProcessEnv,
): Promise<Builder> {
  const { buildxName } = builder;
  const [platform, ...others] = platforms.map((text) => formatPlatform(parsePlatform(text)));
  if (buildxName === undefined || platform === undefined) return builder;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]);
  const { nodes } = await listNodes(buildxName, env, limit).catch(() => ({ nodes: [] }));
  signal.throwIfAborted();
  if (nodes.length < 2) return builder;
  if (others.length > 0) {
    const list = platforms.join(',');
    const message = `building for several platforms: ${builder.name} has ${nodes.length} nodes, and buildx alone distributes a build`;
    const hint = `\`dockerception filter | docker buildx build --builder ${buildxName} --platform ${list} -\` does so`;
    throw new DockerceptionError('usage', 'PLATFORMS', message, { hint });
  }
  const has = nodes.some(({ platforms }) => platforms.includes(platform));
  return has ? { ...builder, dial: (stop) => builder.dial(stop, platform) } : builder;
}
