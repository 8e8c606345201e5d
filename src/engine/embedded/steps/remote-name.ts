/** What the source of an ADD is when it isn't in the context: a URL, its file's name, or a repository. */
import { trimEnd } from '../../../text/trim.js';

/** Whether an ADD downloads this: as BuildKit, small letters alone. */
export function isUrl(source: string): boolean {
  return source.startsWith('http://') || source.startsWith('https://');
}

/**
 * Whether BuildKit's ADD takes this for a Git repository: `git://`, `ssh://`, `user@host:path`, and
 * a URL whose path ends with `.git` (BuildKit, util/gitutil).
 */
export function isGitRepository(source: string): boolean {
  if (/^(?:git|ssh):\/\//.test(source)) return true;
  if (isUrl(source)) return /^[^?#]*\.git(?:[?#]|$)/.test(source);
  return /^[\w-]+@[^:/]+:./.test(source);
}

/**
 * The name that a URL's file gets in a directory: the last component of its path, percent escapes
 * decoded; `__unnamed__` without one, and `download` for what is no name, as BuildKit has it. What
 * the server calls the file counts for nothing.
 */
export function nameOfUrl(url: string): string {
  const path = decoded(url.replace(/^https?:\/\/[^/?#]*/, '').split(/[?#]/, 1)[0] as string);
  const name = trimEnd(path, '/').split('/').at(-1) as string;
  if (name === '') return '__unnamed__';
  return name === '.' || name === '..' || name.includes('\0') ? 'download' : name;
}

/** Percent escapes decoded, where they are UTF-8; the text itself otherwise. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
