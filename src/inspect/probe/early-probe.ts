/**
 * Probes contents before the paths that they get in an image are known. Facts may depend on a path, so that they are used only
 * where no path could change them.
 */
import type { Content, Secret } from './content.js';
import { ContentProbe } from './content-probe.js';
import { sameElfRole } from './elf-probe.js';
import { isPackagePath, isSystemPath } from './package-paths.js';

/** Files that findings read as a whole, and those whose names decide which secrets they may contain. */
const READ_BY_NAME =
  /(?:^|\/)(?:passwd|group|ld\.so\.conf(?:\.d\/[^/]+)?|ld-musl-[^/]+\.path|ld\.so\.cache|\.netrc|_netrc|\.git-credentials|\.pypirc|[^/]*npmrc)$/;

/** A folder whose files are searched for all secrets. */
const NEUTRAL = '/srv/';

/** Secrets that are not searched for in packages. */
const TOKENS: readonly Secret[] = [
  'aws-key',
  'github-token',
  'gitlab-token',
  'npm-token',
  'pypi-token',
  'slack-token',
];

const NO_FACTS: Content = {};

/** Whether the name of a file decides which facts it has. */
export function isReadByName(path: string): boolean {
  return READ_BY_NAME.test(path);
}

export class EarlyProbe {
  readonly #probe = new ContentProbe();
  /** Of the contents that have facts. */
  readonly #facts = new Map<number, { readonly path: string; readonly content: Content }>();
  #offset = 0;
  #path = '';

  /**
   * Starts a file, and ends the one before.
   * @param offset identifies the content
   * @param path its path in the context
   */
  begin(offset: number, path: string, size: number): void {
    this.end();
    this.#offset = offset;
    this.#path = NEUTRAL + path.slice(path.lastIndexOf('/') + 1);
    this.#probe.begin(this.#path, size);
  }

  /** @param bytes are read during the call only */
  data(bytes: Buffer): void {
    if (!this.#probe.satisfied) this.#probe.data(bytes);
  }

  /** Ends the last file. */
  end(): void {
    const content = this.#probe.end();
    if (content !== undefined) this.#facts.set(this.#offset, { path: this.#path, content });
  }

  /** The facts of a content at an absolute path of the image; undefined if they are not known. */
  factsAt(offset: number, path: string): Content | undefined {
    if (isReadByName(path)) return undefined;
    const found = this.#facts.get(offset);
    if (found === undefined) return NO_FACTS;
    const { content } = found;
    const { elf, damaged, secrets = [] } = content;
    if (isReadByName(found.path)) return undefined;
    if ((elf ?? damaged) !== undefined && !sameElfRole(path, found.path)) return undefined;
    const isPackage = isSystemPath(path) || isPackagePath(path);
    return isPackage && secrets.some((one) => TOKENS.includes(one)) ? undefined : content;
  }
}
