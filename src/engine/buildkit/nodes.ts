/** The nodes of a builder of buildx, which `docker buildx inspect` lists. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DockerceptionError } from '../../errors.js';
import { formatPlatform, parsePlatform } from '../../image/platform.js';
import type { EngineRequest } from '../engine.js';
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
  const options = { env, signal, timeout: TIMEOUT };
  const listing = promisify(execFile)('docker', ['buildx', 'inspect', buildxName], options);
  const { stdout } = await listing.catch(() => ({ stdout: '' }));
  signal.throwIfAborted();
  const nodes = stdout.split(/^Endpoint:/m).slice(1);
  if (nodes.length < 2) return builder;
  if (others.length > 0) {
    const list = platforms.join(',');
    const message = `building for several platforms: ${builder.name} has ${nodes.length} nodes, and buildx alone distributes a build`;
    const hint = `\`dockerception filter | docker buildx build --builder ${buildxName} --platform ${list} -\` does so`;
    throw new DockerceptionError('usage', 'PLATFORMS', message, { hint });
  }
  // A `*` marks platforms that are configured.
  const has = nodes.some((node) =>
    /^Platforms:\s*(.*)$/m.exec(node)?.[1]?.replaceAll('*', '').split(', ').includes(platform),
  );
  return has ? { ...builder, dial: (stop) => builder.dial(stop, platform) } : builder;
}
