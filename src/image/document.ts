/**
 * Manifests, indexes and configurations as registries send them, checked before anything relies on
 * them: OCI image-spec and Docker's image manifest version 2, schema 2.
 */
import { DockerceptionError, messageOf } from '../errors.js';
import { printable } from '../text/printable.js';
import type { ImageConfig } from './config.js';
import { oddConfigMember } from './config-shape.js';
import {
  type Descriptor,
  DOCKER_INDEX,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
  ociMediaType,
} from './descriptor.js';
import { isDigest } from './digest.js';
import { jsonDepth } from './json-depth.js';
import type { Index, Manifest } from './manifest.js';

/** What `Accept` says. */
export const MANIFEST_TYPES = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST];
/** Levels of a document: images need a handful. */
const MAX_DEPTH = 500;
/** Docker takes 125, and file systems no more than 500. */
const MAX_LAYERS = 1000;
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/;

/** A manifest or an index, told apart. */
export type Document =
  | { readonly kind: 'manifest'; readonly manifest: Manifest; readonly mediaType: string }
  | { readonly kind: 'index'; readonly index: Index; readonly mediaType: string };

/**
 * Reads a manifest or an index.
 *
 * @param name what messages call the image.
 * @param contentType what the registry says that it is; the document itself says so with more right.
 * @throws DockerceptionError of kind build: IMAGE_INVALID, IMAGE_SCHEMA_1.
 */
export function parseDocument(bytes: Buffer, contentType: string, name: string): Document {
  const fail = invalid(`reading the manifest of ${name}`);
  const json = parseObject(bytes, fail);
  const sent = (contentType.split(';', 1)[0] as string).trimEnd().toLowerCase();
  if (SCHEMA_1.test(sent) || json['schemaVersion'] === 1)
    throw new DockerceptionError(
      'build',
      'IMAGE_SCHEMA_1',
      `reading the manifest of ${name}: it is of Docker’s schema 1, which was given up in 2019`,
      { hint: 'an image that is pushed again by today’s Docker or Podman has today’s schema' },
    );
  const own = json['mediaType'];
  const mediaType = typeof own === 'string' && own !== '' ? own : sent;
  const type = ociMediaType(mediaType);
  // Two documents in one: readers would disagree about which it is (CVE-2021-41190).
  if ('manifests' in json && ('layers' in json || 'config' in json))
    throw fail('it is both a manifest and an index');
  if (type === OCI_INDEX || (type !== OCI_MANIFEST && 'manifests' in json)) {
    const manifests = descriptors(json['manifests'], fail, true);
    const known = type === OCI_INDEX ? mediaType : OCI_INDEX;
    const index = { ...(json as unknown as Index), manifests, mediaType: known };
    return { kind: 'index', index, mediaType: known };
  }
  if (type !== OCI_MANIFEST && !('layers' in json || 'config' in json))
    throw fail(`its media type is ${printable(mediaType || 'missing')}`);
  const layers = descriptors(json['layers'], fail, false);
  const config = descriptor(json['config'], fail, false);
  // Older OCI manifests don't say what they are, and what comes from the cache has no Content-Type.
  const known = type === OCI_MANIFEST ? mediaType : OCI_MANIFEST;
  const manifest = { ...(json as unknown as Manifest), config, layers, mediaType: known };
  return { kind: 'manifest', manifest, mediaType: known };
}

/**
 * Reads a configuration, and holds its layers against the manifest's.
 *
 * @throws DockerceptionError of kind build, code IMAGE_INVALID.
 */
export function parseConfig(bytes: Buffer, manifest: Manifest, name: string): ImageConfig {
  const fail = invalid(`reading the configuration of ${name}`);
  const json = parseObject(bytes, fail);
  const { architecture, os, rootfs, config } = json as unknown as ImageConfig;
  const diffIds: unknown = (rootfs as { diff_ids?: unknown } | null | undefined)?.diff_ids ?? [];
  if (typeof architecture !== 'string' || typeof os !== 'string')
    throw fail('it names no platform');
  if (!Array.isArray(diffIds) || !diffIds.every((one) => isDigest(one)))
    throw fail('its diff IDs are no digests');
  if (diffIds.length > MAX_LAYERS)
    throw fail(`it has ${diffIds.length} layers: no engine takes more than ${MAX_LAYERS}`);
  if (diffIds.length !== manifest.layers.length)
    throw fail(`it has ${diffIds.length} diff IDs for ${manifest.layers.length} layers`);
  if (config !== undefined && config !== null && typeof config !== 'object')
    throw fail('its config is no object');
  const odd = oddConfigMember(json);
  if (odd !== undefined) throw fail(`its ${odd} is not what it has to be`);
  return { ...(json as unknown as ImageConfig), rootfs: { type: 'layers', diff_ids: diffIds } };
}

/** Refuses what is an artifact of another kind: a chart, a signature. */
export function checkImage({ config }: Manifest, name: string): void {
  if (ociMediaType(config.mediaType) !== OCI_CONFIG)
    throw invalid(`reading the manifest of ${name}`)(
      `it is no image: its configuration is ${printable(config.mediaType)}`,
    );
}

type Fail = (why: string, cause?: unknown) => DockerceptionError;

function invalid(doing: string): Fail {
  return (why, cause) =>
    new DockerceptionError('build', 'IMAGE_INVALID', `${doing}: ${why}`, { cause });
}

function parseObject(bytes: Buffer, fail: Fail): Record<string, unknown> {
  if (jsonDepth(bytes) > MAX_DEPTH) throw fail(`it nests deeper than ${MAX_DEPTH} levels`);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'), withoutNull);
  } catch (error) {
    throw fail(`it is not JSON: ${printable(messageOf(error))}`, error);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw fail('it is not a JSON object');
  return json as Record<string, unknown>;
}

/** Removes members that are `null`: Go writes an empty slice or map so, and reads it as missing. */
function withoutNull(this: unknown, _key: string, value: unknown): unknown {
  return value === null && !Array.isArray(this) ? undefined : value;
}

function descriptors(list: unknown = [], fail: Fail, platforms: boolean): Descriptor[] {
  if (!Array.isArray(list)) throw fail('it has no list of descriptors');
  return list.map((one) => descriptor(one, fail, platforms));
}

function descriptor(value: unknown, fail: Fail, platforms: boolean): Descriptor {
  const { mediaType, digest, size, platform } = (value ?? {}) as Partial<Descriptor>;
  if (typeof mediaType !== 'string') throw fail('a descriptor has no media type');
  if (!isDigest(digest)) throw fail('a descriptor has no digest that we know');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw fail(`the size of ${digest} is not a size`);
  const known = typeof platform?.os === 'string' && typeof platform.architecture === 'string';
  const { annotations } = value as Descriptor;
  return {
    mediaType,
    digest,
    size,
    ...(platforms && known ? { platform } : {}),
    ...(typeof annotations === 'object' && annotations !== null ? { annotations } : {}),
  };
}
