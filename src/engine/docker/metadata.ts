/** What `--metadata-file` gets: the keys of buildx, as far as the engine tells them truthfully. */
import { fullName } from '../../image/reference.js';
import type { Connection } from './connection.js';

/** Milliseconds for the answer. */
const TIMEOUT = 30_000;

/** What an engine knows of an image. */
export interface ImageFacts {
  readonly metadata: Record<string, unknown>;
  /** Bytes, as the engine counts them. */
  readonly size?: number;
}

interface Inspection {
  readonly Id?: unknown;
  readonly Size?: unknown;
  readonly Descriptor?: { readonly digest?: unknown };
}

/**
 * Asks the engine for what it knows of an image. A containerd image store's ID is the digest of a
 * manifest or an index, and it has a descriptor; elsewhere the ID is the configuration's digest.
 *
 * @param tags as they were given.
 */
export async function imageMetadata(
  connection: Connection,
  imageId: string,
  tags: readonly string[],
  signal?: AbortSignal,
): Promise<ImageFacts> {
  const path = `/images/${encodeURIComponent(imageId)}/json`;
  const { Descriptor: descriptor, Size: size } = (await connection.json(
    { method: 'GET', path, timeout: TIMEOUT },
    signal,
  )) as Inspection;
  const metadata = {
    ...(typeof descriptor?.digest === 'string'
      ? { 'containerimage.descriptor': descriptor, 'containerimage.digest': descriptor.digest }
      : { 'containerimage.config.digest': imageId }),
    ...(tags.length > 0 ? { 'image.name': tags.map(fullName).join(',') } : {}),
  };
  return { metadata, ...(typeof size === 'number' && { size }) };
}
