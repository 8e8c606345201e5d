/**
 * Entries that no file system takes, and so no engine: of a type that tar(5) doesn't know, as GNU
 * tar writes for a volume's label or an incremental archive, and symbolic links with no target or
 * one that is too long (Linux, path_resolution(7)).
 */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import { printable } from '../text/printable.js';
import type { UnpackedEntry } from './unpacked-entry.js';

/** Bytes of a link's target, as Linux takes them. */
const MAX_TARGET = 4095;

/** Throws TAR_TYPE, TAR_LINK. */
export function refuseNotUnpackable({ type, pathBytes, linkpathBytes }: UnpackedEntry): void {
  if (type === 'unknown') {
    const why = 'an entry of a type that no engine unpacks';
    throw refusal(
      pathBytes,
      'TAR_TYPE',
      why,
      'GNU tar writes such with --label and --listed-incremental',
    );
  }
  if (type !== 'symlink') return;
  if (linkpathBytes.length === 0)
    throw refusal(pathBytes, 'TAR_LINK', 'a symbolic link without a target');
  if (linkpathBytes.length > MAX_TARGET)
    throw refusal(
      pathBytes,
      'TAR_LINK',
      'the target of the symbolic link is too long for any file system',
    );
}

function refusal(path: Buffer, code: ErrorCode, why: string, hint?: string): DockerceptionError {
  const message = `reading entry ${printable(path, 60)}: ${why}`;
  return new DockerceptionError('context', code, message, { hint });
}
