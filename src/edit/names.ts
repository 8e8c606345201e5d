/**
 * Names that lead outside: a leading `/` is taken off (and said once), `..` in a name or in a
 * hard link's target is refused, as GNU tar does on extraction. A symbolic link may point
 * anywhere: it is resolved inside the image.
 */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import { cleanPath } from '../text/path.js';
import { printable } from '../text/printable.js';
import { type Edit, leavingOut } from './edit.js';

const SLASH = 0x2f;

/** `notice` is called once, with a line for the user, when a leading `/` was taken off. */
export function safeNames(notice: (message: string) => void): Edit {
  let said = false;
  function relative(name: Buffer): Buffer {
    let from = 0;
    while (name[from] === SLASH) from++;
    if (!said) {
      said = true;
      notice(`took the leading '/' off names, ${printable(name)} the first`);
    }
    return from === name.length ? Buffer.from('./') : name.subarray(from);
  }
  return (entry) => {
    const name = entry.path;
    if (name.includes('\0')) throw unsafe('TAR_NAME', 'the name has a NUL in it');
    if (climbs(name)) throw unsafe('TAR_UNSAFE', `'..' in the name`);
    if (name.startsWith('/')) entry.pathBytes = relative(entry.pathBytes);
    if (entry.type !== 'hard-link') return;
    const target = entry.linkpath;
    if (climbs(target)) {
      throw unsafe('TAR_UNSAFE', `'..' in the target of the hard link: ${printable(target)}`);
    }
    if (target.startsWith('/')) entry.linkpathBytes = relative(entry.linkpathBytes);
  };
}

/**
 * Names that are the root's. Container engines ignore an entry with one unless it is a directory, and
 * tar programs fail on it, so it is left out; a directory without a name becomes `./`.
 */
export function rootNames(notice: (message: string) => void): Edit {
  const leaveOut = leavingOut(notice);
  return (entry) => {
    const { path } = entry;
    if (!isRoot(path)) return undefined;
    if (entry.type !== 'directory')
      return leaveOut(entry, 'an entry that has the name of the root and is no directory');
    if (path === '') entry.path = './';
    return undefined;
  };
}

/** Whether the path is the root's. Most names end the loop at their first character. */
function isRoot(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code !== 0x2e && code !== 0x2f) return false;
  }
  return cleanPath(path) === '';
}

/** Whether a component of the name is `..`. */
function climbs(name: string): boolean {
  return name.includes('..') && name.split('/').includes('..');
}

function unsafe(code: ErrorCode, why: string): DockerceptionError {
  return new DockerceptionError('context', code, why, {
    ...(code === 'TAR_UNSAFE' && { hint: 'a context may only name what is below its own root' }),
  });
}

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
