/**
 * `--strip-components` and `--prefix`, for names and for hard links' targets (they are names
 * too); symbolic links keep theirs. What has too few components is left out, as in tar.
 */
import { DockerceptionError } from '../errors.js';
import { cleanPath } from '../text/path.js';
import type { Edit } from './edit.js';

const SLASH = 0x2f;

export function stripComponents(count: number): Edit {
  return (entry) => {
    const name = strip(entry.pathBytes, count);
    if (name === undefined) return 'drop';
    entry.pathBytes = name;
    if (entry.type === 'hard-link') {
      const target = strip(entry.linkpathBytes, count);
      if (target === undefined) throw lostTarget();
      entry.linkpathBytes = target;
    }
    return undefined;
  };
}

/** What is left behind `count` slashes (several in a row are one); undefined when nothing is. */
function strip(name: Buffer, count: number): Buffer | undefined {
  let at = 0;
  for (let left = count; left > 0; left--) {
    const slash = name.indexOf(SLASH, at);
    if (slash < 0) return undefined;
    at = slash;
    while (name[at] === SLASH) at++;
  }
  return at < name.length ? name.subarray(at) : undefined;
}

/** Reads a prefix; throws USAGE_PREFIX for one that leads outside. */
export function addPrefix(prefix: string): Edit {
  const clean = cleanPath(prefix);
  if (clean === undefined || prefix.startsWith('/')) {
    throw new DockerceptionError(
      'usage',
      'USAGE_PREFIX',
      `reading --prefix: '${prefix}' leads outside of the context`,
    );
  }
  const front = Buffer.from(clean === '' ? '' : `${clean}/`);
  const place = (name: Buffer): Buffer => {
    const rest =
      name[0] === 0x2e && (name.length === 1 || name[1] === SLASH) ? withoutDot(name) : name;
    return Buffer.concat([front, rest]);
  };
  return (entry) => {
    if (front.length === 0) return;
    entry.pathBytes = place(entry.pathBytes);
    if (entry.type === 'hard-link') entry.linkpathBytes = place(entry.linkpathBytes);
  };
}

function withoutDot(name: Buffer): Buffer {
  let at = 1;
  while (name[at] === SLASH) at++;
  return name.subarray(at);
}

function lostTarget(): DockerceptionError {
  return new DockerceptionError(
    'context',
    'TAR_LINK',
    'the hard link points to what --strip-components leaves out',
  );
}
