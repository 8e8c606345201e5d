/**
 * An old GNU sparse file (typeflag S) as PAX sparse 0.1. Container engines read tars with Go's
 * archive/tar, which unpacks both, but the engines refuse the typeflag. 0.1 has its map in the
 * extended header, so that the body stays as it is. GNU tar manual, "Storing Sparse Files".
 */
import { DockerceptionError } from '../errors.js';
import { BLOCK, MAGIC, PREFIX, TYPEFLAG, USTAR_MAGIC } from './block.js';
import { writeChecksum } from './checksum.js';
import type { Metadata } from './metadata.js';
import { METADATA_LIMIT } from './metadata-block.js';
import type { SparseMap } from './sparse-map.js';

/** Bytes of other records that fit beside the map. */
const RESERVED = 64 * 1024;

/**
 * Rewrites the header in place, with its checksum, and adds the records. `stored` is the size of
 * the body. Throws TAR_SPARSE when the map is invalid, or too large for an extended header.
 */
export function rewriteOldSparse(
  header: Buffer,
  map: SparseMap,
  stored: number,
  metadata: Metadata,
): void {
  map.close(stored);
  const regions = map.text();
  if (regions.length > METADATA_LIMIT - RESERVED) {
    const message = `its sparse map has ${map.length} regions, more than container engines read`;
    throw new DockerceptionError('context', 'TAR_SPARSE', message, {
      hint: 'pack it without the option --sparse (-S) of tar',
    });
  }
  const set = (key: string, value: string): void =>
    metadata.setRecord(`GNU.sparse.${key}`, Buffer.from(value));
  // Without a version: libarchive refuses 0.1 when it is named, and the map tells enough.
  set('size', String(map.size));
  set('numblocks', String(regions.split(',').length / 2));
  set('map', regions);
  header.write('0', TYPEFLAG, 1, 'latin1');
  header.write(USTAR_MAGIC, MAGIC.at, 'latin1');
  // GNU's times and the map lie where ustar has its prefix.
  header.fill(0, PREFIX.at, BLOCK);
  writeChecksum(header, 0);
}
