/** Recognises the sources of ADD that are not in the context: URLs and Git repositories. */
import { trimEnd } from '../../../text/trim.js';

/** Whether ADD downloads the source. As in BuildKit, the scheme has to be in lower case. */
export function isUrl(source: string): boolean {
  return source.startsWith('http://') || source.startsWith('https://');
}

/**
 * Whether BuildKit's ADD clones the source as a Git repository: `git://`, `ssh://`, `user@host:path`, and
 * a URL whose path ends with `.git` (BuildKit, util/gitutil).
 */
export function isGitRepository(source: string): boolean {
  if (/^(?:git|ssh):\/\//.test(source)) return true;
  if (isUrl(source)) return /^[^?#]*\.git(?:[?#]|$)/.test(source);
  return /^[\w-]+@[^:/]+:./.test(source);
}

/**
 * The name of a downloaded file in a directory: the last component of the URL's path, with percent escapes decoded. As
 * in BuildKit, a missing name becomes `__unnamed__`, an invalid one `download`. The response does not change the name.
 */
export function nameOfUrl(url: string): string {
  const path = decoded(url.replace(/^https?:\/\/[^/?#]*/, '').split(/[?#]/, 1)[0] as string);
  const name = trimEnd(path, '/').split('/').at(-1) as string;
  if (name === '') return '__unnamed__';
  return name === '.' || name === '..' || name.includes('\0') ? 'download' : name;
}

/** Decodes percent escapes if they are UTF-8. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
