/** Images of an engine, and their archives (Engine API, ImageInspect, ImageGetAll). */
import type { Readable } from 'node:stream';
import { fullName } from '../../image/reference.js';
import type { ApiRequest, Connection } from './connection.js';
import { isNotFound } from './failures.js';

/** What an engine reports of an image, as far as it is read here. */
export interface ImageDetails {
  readonly Id: string;
  readonly Size?: number;
  /** With a containerd image store. */
  readonly Descriptor?: { readonly digest?: unknown };
  readonly RepoTags?: readonly string[] | null;
  readonly RepoDigests?: readonly string[] | null;
  readonly RootFS?: { readonly Layers?: readonly string[] | null };
  readonly Config?: {
    readonly Cmd?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
  } | null;
}

/** The path of an image in the Engine API, by its name or ID. */
export function imagePath(name: string): string {
  return `/images/${encodeURIComponent(name)}`;
}

/** An image by its name or ID; undefined if the engine doesn't have it. */
export async function inspectImage(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
  request: Pick<ApiRequest, 'doing' | 'timeout'> = {},
): Promise<ImageDetails | undefined> {
  try {
    const path = `${imagePath(name)}/json`;
    return (await connection.json({ method: 'GET', path, ...request }, signal)) as ImageDetails;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Whether the engine has an image by that name or ID. */
export async function hasImage(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const request = { doing: `finding ${name}` };
  return (await inspectImage(connection, name, signal, request)) !== undefined;
}

/** Asks for one archive of all these names, or IDs. */
export function archiveRequest(names: readonly string[]): ApiRequest {
  const query = new URLSearchParams(names.map((name): [string, string] => ['names', name]));
  return { method: 'GET', path: `/images/get?${query.toString()}` };
}

/** The archive as a stream. */
export function imageArchive(
  connection: Connection,
  name: string,
  signal?: AbortSignal,
): Promise<Readable> {
  return connection.stream({ ...archiveRequest([name]), doing: `reading ${name}` }, signal);
}

/** Milliseconds in which an image has to be described. */
const METADATA_TIMEOUT = 30_000;

/** What an engine knows of an image. */
export interface ImageFacts {
  readonly metadata: Record<string, unknown>;
  /** Bytes, as the engine counts them. */
  readonly size?: number;
}

/**
 * What `--metadata-file` gets, with the keys of buildx: what the engine reports of an image. A containerd image store's
 * ID is the digest of a manifest or an index, and it has a descriptor; elsewhere the ID is the configuration's digest.
 *
 * @param tags as they were given.
 */
export async function imageMetadata(
  connection: Connection,
  imageId: string,
  tags: readonly string[],
  signal?: AbortSignal,
): Promise<ImageFacts> {
  const path = `${imagePath(imageId)}/json`;
  const { Descriptor: descriptor, Size: size } = (await connection.json(
    { method: 'GET', path, timeout: METADATA_TIMEOUT },
    signal,
  )) as ImageDetails;
  const metadata = {
    ...(typeof descriptor?.digest === 'string'
      ? { 'containerimage.descriptor': descriptor, 'containerimage.digest': descriptor.digest }
      : { 'containerimage.config.digest': imageId }),
    ...(tags.length > 0 ? { 'image.name': tags.map(fullName).join(',') } : {}),
  };
  return { metadata, ...(typeof size === 'number' && { size }) };
}
