/**
 * An image's configuration: its type, and its form as JSON, whose digest is the image ID. OCI image-spec, config.md,
 * with the members that Docker adds (Healthcheck, OnBuild, Shell; moby, docker-image-spec).
 */
import { isDigest } from './digest.js';
import { invalidDocument, isObject, type JsonObject, parseObject } from './document.js';

/** The type of a value in JSON. */
interface Type<T> {
  check(value: unknown): value is T;
  /** The same value, with its members in the order of Go. */
  order(value: T): unknown;
}
/** The members of an object in the order of Go's structures. */
type Shape = Readonly<Record<string, Type<unknown>>>;
type Members<S> = { readonly [Name in keyof S]?: S[Name] extends Type<infer T> ? T : never };

const scalar = <T>(check: (value: unknown) => value is T): Type<T> => ({
  check,
  order: (value) => value,
});
const text = scalar((value) => typeof value === 'string');
const flag = scalar((value) => typeof value === 'boolean');
const anything = <T>(_value: unknown): _value is T => true;
const listOf = <T>(type: Type<T>): Type<readonly T[]> => ({
  check: (value): value is readonly T[] =>
    Array.isArray(value) && value.every((one) => type.check(one)),
  order: (list) => list.map((one) => type.order(one)),
});
/** Go sorts the keys of maps. */
const mapOf = <T>(type: Type<T>): Type<Readonly<Record<string, T>>> => ({
  check: (value): value is Readonly<Record<string, T>> =>
    isObject(value) && Object.values(value).every((one) => type.check(one)),
  order: (map) => ordered(map, {}),
});
const objectOf = <T extends object>(shape: Shape): Type<T> => ({
  check: (value): value is T => isObject(value) && invalidMember(value, shape) === undefined,
  order: (members) => ordered(members, shape),
});

const number = scalar(anything<number>);
const empty = scalar(anything<object>);
const HEALTHCHECK = {
  Test: listOf(text),
  Interval: number,
  Timeout: number,
  StartPeriod: number,
  StartInterval: number,
  Retries: number,
};
const CONTAINER = {
  User: text,
  ExposedPorts: mapOf(empty),
  Env: listOf(text),
  Entrypoint: listOf(text) as Type<readonly string[] | null>,
  Cmd: listOf(text) as Type<readonly string[] | null>,
  Volumes: mapOf(empty),
  WorkingDir: text,
  Labels: mapOf(text),
  StopSignal: text,
  ArgsEscaped: flag,
  Healthcheck: objectOf<Healthcheck>(HEALTHCHECK),
  OnBuild: listOf(text),
  Shell: listOf(text),
};
/** The members of a container's configuration in the order of Go's structure. */
export const CONTAINER_MEMBERS = Object.keys(CONTAINER) as (keyof ContainerConfig)[];
const HISTORY = {
  created: text,
  created_by: text,
  author: text,
  comment: text,
  empty_layer: flag,
};
const ROOT_FS = {
  type: scalar(anything<'layers'>),
  diff_ids: scalar(anything<readonly string[]>),
};
const IMAGE = {
  created: text,
  author: text,
  architecture: text,
  variant: text,
  os: text,
  'os.version': text,
  'os.features': listOf(text),
  config: { ...objectOf<ContainerConfig>(CONTAINER), check: anything<ContainerConfig> },
  rootfs: { ...objectOf<RootFs>(ROOT_FS), check: anything<RootFs> },
  history: listOf(objectOf<History>(HISTORY)),
};

/** The whole document. */
export interface ImageConfig extends Members<typeof IMAGE> {
  readonly architecture: string;
  readonly os: string;
  readonly rootfs: RootFs;
}

/** How a container of it is run. */
export interface ContainerConfig extends Members<typeof CONTAINER> {}
/** Durations are nanoseconds. */
export interface Healthcheck extends Members<typeof HEALTHCHECK> {}
/** What made a layer, or a change of the configuration alone. */
export interface History extends Members<typeof HISTORY> {}

/** The layers from the lowest up, by the digests of their uncompressed tars. */
export interface RootFs extends Required<Members<typeof ROOT_FS>> {}

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
  const inside = isObject(config) ? invalidMember(config, CONTAINER) : undefined;
  const invalid = invalidMember(json, IMAGE) ?? (inside && `config.${inside}`);
  if (invalid !== undefined) throw fail(`its ${invalid} is not what it has to be`);
  return { ...(json as unknown as ImageConfig), rootfs: { type: 'layers', diff_ids: diffIds } };
}

function invalidMember(members: JsonObject, shape: Shape): string | undefined {
  const invalid = Object.entries(shape).find(([name, type]) => {
    const value = members[name] ?? undefined;
    return value !== undefined && !type.check(value);
  });
  return invalid?.[0];
}

/**
 * The configuration as JSON: the same configuration gives the same bytes. Members have the order of Go's structures,
 * which Docker and BuildKit write; unknown members follow the known ones.
 */
export function configJson(config: ImageConfig): string {
  return JSON.stringify(ordered(config, IMAGE));
}

/** The members in the order of the shape, then the others sorted by the bytes of their names, as in Go. */
function ordered(object: object, shape: Shape): JsonObject {
  const members = object as JsonObject;
  const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const others = Object.keys(members).filter((name) => !Object.hasOwn(shape, name));
  const known = Object.entries(shape).filter(([name]) => name in members);
  return Object.fromEntries([
    ...known.map(([name, type]) => [name, members[name] && type.order(members[name])] as const),
    ...others.sort(byBytes).map((name) => [name, members[name]] as const),
  ]);
}
