/** Edits of names, and of hard links' targets, which are names too. The targets of symbolic links stay. */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import { cleanPath } from '../text/path.js';
import { printable } from '../text/printable.js';
import { dropWithNotice, type Edit } from './edit.js';

const SLASH = 0x2f;
const DOT = 0x2e;

/**
 * Removes leading slashes, and refuses `..` in names, as GNU tar does on extraction.
 * @param notice called once, with a line for the user, when a leading `/` was removed
 */
export function safeNames(notice: (message: string) => void): Edit {
  let isReported = false;
  function relative(name: Buffer): Buffer {
    const from = skipSlashes(name, 0);
    if (!isReported) notice(`took the leading '/' off names, ${printable(name)} the first`);
    isReported = true;
    return from === name.length ? Buffer.from('./') : name.subarray(from);
  }
  const edit: Edit = (entry) => {
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
  edit.plain = {};
  return edit;
}

/**
 * Drops entries with the name of the root that are no directories: engines ignore them, and tar programs fail. A
 * directory without a name becomes `./`.
 */
export function rootNames(notice: (message: string) => void): Edit {
  const drop = dropWithNotice(notice);
  const edit: Edit = (entry) => {
    const { path } = entry;
    if (!isRoot(path)) return undefined;
    if (entry.type !== 'directory')
      return drop(entry, 'an entry that has the name of the root and is no directory');
    if (path === '') entry.path = './';
    return undefined;
  };
  edit.plain = {};
  return edit;
}

function isRoot(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code !== DOT && code !== SLASH) return false;
  }
  return cleanPath(path) === '';
}

function climbs(name: string): boolean {
  return name.includes('..') && name.split('/').includes('..');
}

function unsafe(code: ErrorCode, why: string): DockerceptionError {
  return new DockerceptionError('context', code, why, {
    ...(code === 'TAR_UNSAFE' && { hint: 'a context may only name what is below its own root' }),
  });
}

/** Removes the first components of names; drops what has too few of them, as tar does. */
export function stripComponents(count: number): Edit {
  return (entry) => {
    const name = strip(entry.pathBytes, count);
    if (name === undefined) return 'drop';
    entry.pathBytes = name;
    if (entry.type === 'hard-link') {
      const target = strip(entry.linkpathBytes, count);
      if (target === undefined) {
        const message = 'the hard link points to what `stripComponents` leaves out';
        throw new DockerceptionError('context', 'TAR_LINK', message);
      }
      entry.linkpathBytes = target;
    }
    return undefined;
  };
}

/** The name without its first components; undefined if nothing is left. */
function strip(name: Buffer, count: number): Buffer | undefined {
  let at = 0;
  for (let left = count; left > 0; left--) {
    const slash = name.indexOf(SLASH, at);
    if (slash < 0) return undefined;
    at = skipSlashes(name, slash);
  }
  return at < name.length ? name.subarray(at) : undefined;
}

function skipSlashes(name: Buffer, from: number): number {
  let at = from;
  while (name[at] === SLASH) at++;
  return at;
}

/** Adds a prefix to names. @throws DockerceptionError `USAGE_PREFIX` for one that leads outside */
export function addPrefix(prefix: string): Edit {
  const clean = cleanPath(prefix);
  if (clean === undefined || prefix.startsWith('/')) {
    const message = `reading the option 'prefix': '${prefix}' leads outside of the context`;
    throw new DockerceptionError('usage', 'USAGE_PREFIX', message);
  }
  const front = Buffer.from(clean === '' ? '' : `${clean}/`);
  const place = (name: Buffer): Buffer => {
    const hasDot = name[0] === DOT && (name.length === 1 || name[1] === SLASH);
    return Buffer.concat([front, hasDot ? name.subarray(skipSlashes(name, 1)) : name]);
  };
  return (entry) => {
    if (front.length === 0) return;
    entry.pathBytes = place(entry.pathBytes);
    if (entry.type === 'hard-link') entry.linkpathBytes = place(entry.linkpathBytes);
  };
}
