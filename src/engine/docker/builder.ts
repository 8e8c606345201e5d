/** Which builder an engine is asked for, as the docker CLI decides it. */
import { DockerceptionError } from '../../errors.js';
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
