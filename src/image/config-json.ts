/**
 * A configuration as bytes: its digest is the image ID, so the same configuration has to make the
 * same bytes, whatever made the object. Members stand in the order of Go's structures, which Docker
 * and BuildKit write; maps are sorted as Go sorts them. OCI image-spec, config.md.
 */
import type { ImageConfig } from './config.js';

const IMAGE = [
  'created',
  'author',
  'architecture',
  'variant',
  'os',
  'os.version',
  'os.features',
  'config',
  'rootfs',
  'history',
];
const CONTAINER = [
  'User',
  'ExposedPorts',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
  'ArgsEscaped',
  'Healthcheck',
  'OnBuild',
  'Shell',
];
const HEALTHCHECK = ['Test', 'Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'];
const HISTORY = ['created', 'created_by', 'author', 'comment', 'empty_layer'];
const MAPS = ['ExposedPorts', 'Volumes', 'Labels'];

type Members = Readonly<Record<string, unknown>>;

/** The configuration as JSON. What isn't known here is kept, behind what is. */
export function configJson(config: ImageConfig): string {
  const { config: container, rootfs, history } = config;
  return JSON.stringify({
    ...ordered({ ...config }, IMAGE),
    ...(container !== undefined && { config: orderedContainer({ ...container }) }),
    rootfs: ordered({ ...rootfs }, ['type', 'diff_ids']),
    ...(history !== undefined && {
      history: history.map((entry) => ordered({ ...entry }, HISTORY)),
    }),
  });
}

function orderedContainer(container: Members): Members {
  const members: Record<string, unknown> = { ...ordered(container, CONTAINER) };
  for (const name of MAPS) {
    const map = members[name];
    if (isObject(map)) members[name] = ordered(map, []);
  }
  const check = members['Healthcheck'];
  if (isObject(check)) members['Healthcheck'] = ordered(check, HEALTHCHECK);
  return members;
}

/** The members in this order, then the others by name. */
function ordered(members: Members, order: readonly string[]): Members {
  const others = Object.keys(members).filter((name) => !order.includes(name));
  const names = [...order.filter((name) => name in members), ...others.sort(byBytes)];
  return Object.fromEntries(names.map((name) => [name, members[name]]));
}

/** Not by UTF-16 units, nor by a locale. */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
