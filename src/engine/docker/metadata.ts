/** What `--metadata-file` gets: the keys of buildx, as far as the engine tells them truthfully. */
import type { Connection } from './connection.js';
import { fullName } from './names.js';

interface Inspection {
  readonly Id?: unknown;
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
): Promise<Record<string, unknown>> {
  const path = `/images/${encodeURIComponent(imageId)}/json`;
  const { Descriptor: descriptor } = (await connection.json({ method: 'GET', path })) as Inspection;
  return {
    ...(typeof descriptor?.digest === 'string'
      ? { 'containerimage.descriptor': descriptor, 'containerimage.digest': descriptor.digest }
      : { 'containerimage.config.digest': imageId }),
    ...(tags.length > 0 ? { 'image.name': tags.map(fullName).join(',') } : {}),
  };
}
