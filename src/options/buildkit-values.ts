/** Values of options of BuildKit that are written as one text: limits of RUN, annotations. */
import { DockerceptionError } from '../errors.js';
import type { Platform } from '../image/descriptor.js';
import { formatPlatform, parsePlatform } from '../image/platform.js';
import { compareBytes } from '../text/go.js';

/** A limit of RUN; -1 means unlimited. */
export interface Ulimit {
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

const ULIMITS =
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack';

/**
 * Parses `NAME=SOFT[:HARD]` (docker/go-units, ulimit.go).
 * @throws DockerceptionError of kind usage, code USAGE_OPTION.
 */
export function parseUlimit(text: string): Ulimit {
  const [, name = '', low, high] = /^([a-z]+)=(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(text) ?? [];
  if (name === '') throw invalid('it has to be NAME=SOFT[:HARD]', 'as in nofile=1024:2048');
  if (!ULIMITS.split(' ').includes(name))
    throw invalid(`there is no limit '${name}'`, `one of ${ULIMITS.replaceAll(' ', ', ')}`);
  const [soft, hard] = [Number(low), Number(high ?? low)];
  if (hard !== -1 && (soft === -1 || soft > hard))
    throw invalid('the soft limit is above the hard limit', 'as in nofile=1024:2048');
  return { name, soft, hard };
}

/** The limits; the last one of each name. */
export function ulimitsOf(texts: readonly string[]): Ulimit[] {
  const limits = texts.map(parseUlimit);
  return [...new Map(limits.map((limit) => [limit.name, limit])).values()];
}

const ANNOTATED = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'] as const;

/** An annotation of one document of an image. */
export interface Annotation {
  readonly type: (typeof ANNOTATED)[number];
  /** The image of the index that has it. @default every image */
  readonly platform?: Platform;
  readonly key: string;
  readonly value: string;
}

/**
 * Parses `[TYPE[[PLATFORM]],…:]KEY=VALUE` (docker/buildx, util/buildflags/export.go). Several types are several annotations.
 * @throws DockerceptionError of kind usage, code USAGE_OPTION.
 */
export function parseAnnotation(text: string): Annotation[] {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  const [, types = 'manifest', key = ''] = /^(?:([^:]*):)?(.*)$/s.exec(name) ?? [];
  if (name === '') throw invalid('it has to be [TYPE:]KEY=VALUE');
  if (!/^\S+$/.test(key)) throw invalid('its key is empty or has white space');
  return types.split(',').map((one) => {
    const [, found = '', platform] = /^([a-z-]+)(?:\[([\w/-]+)\])?$/.exec(one) ?? [];
    const type = ANNOTATED.find((known) => known === found);
    if (type === undefined)
      throw invalid(`there is no type '${one}'`, `one of ${ANNOTATED.join(', ')}`);
    // An index has no platform.
    const isOfImage = platform !== undefined && type.startsWith('manifest');
    return { type, key, value, ...(isOfImage && { platform: parsePlatform(platform) }) };
  });
}

/** The annotations of one document, sorted by their keys; undefined if it has none. Those of its platform take precedence. */
export function annotationsOf(
  annotations: readonly Annotation[],
  type: Annotation['type'],
  platform?: Platform,
): Readonly<Record<string, string>> | undefined {
  const own = platform && formatPlatform(platform);
  const found = new Map<string, string>();
  for (const name of [undefined, own])
    for (const { key, value, ...one } of annotations)
      if (one.type === type && (one.platform && formatPlatform(one.platform)) === name)
        found.set(key, value);
  if (found.size === 0) return undefined;
  return Object.fromEntries([...found].sort(([a], [b]) => compareBytes(a, b)));
}

/** The attributes of BuildKit's exporters (moby/buildkit, exporter/containerimage/exptypes/annotations.go). */
export function annotationAttributes(texts: readonly string[]): Record<string, string> {
  const annotations = texts.flatMap(parseAnnotation);
  return Object.fromEntries(
    annotations.map(({ type, platform, key, value }) => {
      const of = platform === undefined ? '' : `[${formatPlatform(platform)}]`;
      return [`annotation-${type}${of}.${key}`, value];
    }),
  );
}

function invalid(
  why: string,
  hint = 'as in org.opencontainers.image.title=app, or index:KEY=VALUE',
): DockerceptionError {
  return new DockerceptionError('usage', 'USAGE_OPTION', why, { hint });
}
