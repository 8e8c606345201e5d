/**
 * An image's configuration: its type, and its form as JSON, whose digest is the image ID. OCI image-spec, config.md,
 * with the members that Docker adds (Healthcheck, OnBuild, Shell; moby, docker-image-spec).
 */
import { isDigest } from './digest.js';
import { invalidDocument, isObject, type JsonObject, parseObject } from './document.js';

/** The whole document. */
export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly os: string;
  readonly 'os.version'?: string;
  readonly 'os.features'?: readonly string[];
  readonly config?: ContainerConfig;
  readonly rootfs: RootFs;
  readonly history?: readonly History[];
}

/** How a container of it is run. */
export interface ContainerConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly ArgsEscaped?: boolean;
  readonly Healthcheck?: Healthcheck;
  readonly OnBuild?: readonly string[];
  readonly Shell?: readonly string[];
}

/** Durations are nanoseconds. */
export interface Healthcheck {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** The layers from the lowest up, by the digests of their uncompressed tars. */
export interface RootFs {
  readonly type: 'layers';
  readonly diff_ids: readonly string[];
}

/** What made a layer, or a change of the configuration alone. */
export interface History {
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

type Check = (value: unknown) => boolean;
/** The members of an object in the order of Go's structures, each with the check of its type. */
type Shape = Readonly<Record<string, Check>>;

const anything: Check = () => true;
const text: Check = (value) => typeof value === 'string';
const flag: Check = (value) => typeof value === 'boolean';
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const mapOf =
  (check: Check): Check =>
  (value) =>
    isObject(value) && Object.values(value).every(check);
const objectOf =
  (shape: Shape): Check =>
  (value) =>
    isObject(value) && invalidMember(value, shape) === undefined;

const members = (check: Check, ...names: readonly string[]): Shape =>
  Object.fromEntries(names.map((name) => [name, check]));

const HEALTHCHECK: Shape = {
  Test: listOf(text),
  ...members(anything, 'Interval', 'Timeout', 'StartPeriod', 'StartInterval', 'Retries'),
};
const CONTAINER: Shape = {
  User: text,
  ExposedPorts: mapOf(anything),
  Env: listOf(text),
  Entrypoint: listOf(text),
  Cmd: listOf(text),
  Volumes: mapOf(anything),
  WorkingDir: text,
  Labels: mapOf(text),
  StopSignal: text,
  ArgsEscaped: flag,
  Healthcheck: objectOf(HEALTHCHECK),
  OnBuild: listOf(text),
  Shell: listOf(text),
};
/** The members of a container's configuration in the order of Go's structure. */
export const CONTAINER_MEMBERS = Object.keys(CONTAINER) as (keyof ContainerConfig)[];
const HISTORY: Shape = {
  ...members(text, 'created', 'created_by', 'author', 'comment'),
  empty_layer: flag,
};
const ROOT_FS = members(anything, 'type', 'diff_ids');
const IMAGE: Shape = {
  ...members(text, 'created', 'author', 'architecture', 'variant', 'os', 'os.version'),
  'os.features': listOf(text),
  ...members(anything, 'config', 'rootfs'),
  history: listOf(objectOf(HISTORY)),
};
/** Go sorts the keys of maps. */
const MAPS = ['ExposedPorts', 'Volumes', 'Labels'];
/** Docker allows 125 layers, file systems at most 500. */
const MAX_LAYERS = 1000;

/**
 * Parses a configuration and compares its layers with the manifest's. As in Go, `null` is the same as a missing member.
 *
 * @param layers the number of layers in the manifest
 * @param name the image in messages
 * @throws DockerceptionError of kind build, code IMAGE_INVALID.
 */
export function parseConfig(bytes: Buffer, layers: number, name: string): ImageConfig {
  const fail = (why: string): Error => invalidDocument(`reading the configuration of ${name}`, why);
  const json = parseObject(bytes, `reading the configuration of ${name}`);
  const { architecture, os, rootfs, config } = json as unknown as ImageConfig;
  const diffIds: unknown = (rootfs as { diff_ids?: unknown } | undefined)?.diff_ids ?? [];
  if (typeof architecture !== 'string' || typeof os !== 'string')
    throw fail('it names no platform');
  if (!Array.isArray(diffIds) || !diffIds.every((one) => isDigest(one)))
    throw fail('its diff IDs are no digests');
  if (diffIds.length > MAX_LAYERS)
    throw fail(`it has ${diffIds.length} layers: no engine takes more than ${MAX_LAYERS}`);
  if (diffIds.length !== layers)
    throw fail(`it has ${diffIds.length} diff IDs for ${layers} layers`);
  if (config !== undefined && typeof config !== 'object') throw fail('its config is no object');
  const invalid = invalidMember(json, IMAGE) ?? invalidContainerMember(config);
  if (invalid !== undefined) throw fail(`its ${invalid} is not what it has to be`);
  return { ...(json as unknown as ImageConfig), rootfs: { type: 'layers', diff_ids: diffIds } };
}

function invalidContainerMember(container: unknown): string | undefined {
  const member = isObject(container) ? invalidMember(container, CONTAINER) : undefined;
  return member === undefined ? undefined : `config.${member}`;
}

function invalidMember(members: JsonObject, shape: Shape): string | undefined {
  return Object.keys(shape).find((name) => {
    const value = members[name] ?? undefined;
    return value !== undefined && shape[name]?.(value) === false;
  });
}

/**
 * The configuration as JSON: the same configuration gives the same bytes. Members have the order of Go's structures,
 * which Docker and BuildKit write; unknown members follow the known ones.
 */
export function configJson(config: ImageConfig): string {
  const { config: container, rootfs, history } = config;
  return JSON.stringify({
    ...ordered({ ...config }, IMAGE),
    ...(container !== undefined && { config: orderedContainer({ ...container }) }),
    rootfs: ordered({ ...rootfs }, ROOT_FS),
    ...(history !== undefined && {
      history: history.map((entry) => ordered({ ...entry }, HISTORY)),
    }),
  });
}

function orderedContainer(container: JsonObject): JsonObject {
  const members: Record<string, unknown> = { ...ordered(container, CONTAINER) };
  for (const name of MAPS) {
    const map = members[name];
    if (isObject(map)) members[name] = ordered(map, {});
  }
  const check = members['Healthcheck'];
  if (isObject(check)) members['Healthcheck'] = ordered(check, HEALTHCHECK);
  return members;
}

/** The members in the order of the shape, then the others sorted by the bytes of their names, as in Go. */
function ordered(members: JsonObject, shape: Shape): JsonObject {
  const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const others = Object.keys(members).filter((name) => !Object.hasOwn(shape, name));
  const known = Object.keys(shape).filter((name) => name in members);
  return Object.fromEntries(
    [...known, ...others.sort(byBytes)].map((name) => [name, members[name]]),
  );
}
