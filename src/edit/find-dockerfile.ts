/**
 * What a context turns out to have: whether the Dockerfile is in it, and which names its root
 * has, for the message when it isn't.
 */
import { DockerceptionError } from '../errors.js';
import { cleanPath } from '../text/path.js';
import { printable } from '../text/printable.js';
import type { Edit } from './edit.js';

/** What `docker save` and tools for OCI layouts write. */
const IMAGE_FILES = ['manifest.json', 'oci-layout', 'index.json'];

/** As many names as a line can show; memory must not grow with the context. */
const SHOWN = 12;

/** The Dockerfile that was found, as it leaves. */
export interface FoundFile {
  /** Clean. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
}

/** Receives the content of each Dockerfile that is found. */
export interface FileReceiver {
  /** The content of the file at a clean path follows. */
  begin(path: string): void;
  /** The next bytes of it, valid during the call only. */
  data(bytes: Buffer): void;
}

export class Contents {
  readonly #file: string;
  readonly #files: readonly string[];
  readonly #found = new Map<string, FoundFile>();
  readonly #names = new Set<string>();
  #more = false;
  #empty = true;
  /** The entry at hand is a Dockerfile. */
  #isFile = false;
  /** Files of an image archive that its root has. */
  readonly #ofImage = new Set<string>();

  /**
   * @param file the Dockerfile's clean path
   * @param others names in the root that are used without it, in this order
   */
  constructor(
    file: string,
    others: readonly string[] = [],
    private readonly receiver?: FileReceiver,
  ) {
    this.#file = file;
    this.#files = [file, ...others];
  }

  /** Goes last: it looks at names as they leave. */
  readonly observe: Edit = (entry) => {
    this.#empty = false;
    this.#isFile = false;
    const path = entry.path;
    for (const file of this.#files) {
      if (!path.endsWith(file) || entry.type === 'directory' || cleanPath(path) !== file) continue;
      const { mode, uid, gid, mtime } = entry;
      this.#found.set(file, { path: file, mode, uid, gid, mtime });
      this.#isFile = true;
      this.receiver?.begin(file);
    }
    if (IMAGE_FILES.includes(path)) this.#ofImage.add(path);
    if (this.#more) return;
    const name = rootName(path);
    if (name === '' || this.#names.has(name)) return;
    if (this.#names.size === SHOWN) this.#more = true;
    else this.#names.add(name);
  };

  /** The next bytes of the content of the entry that was observed last. */
  data(bytes: Buffer): void {
    if (this.#isFile) this.receiver?.data(bytes);
  }

  /** Returns the Dockerfile. Throws CONTEXT_NO_DOCKERFILE. */
  requireFile(): FoundFile {
    const isFolder = !this.#found.has(this.#file) && this.#names.has(this.#file);
    const path = isFolder ? undefined : this.#files.find((file) => this.#found.has(file));
    const found = path === undefined ? undefined : this.#found.get(path);
    if (found !== undefined) return found;
    if (this.#empty) {
      throw new DockerceptionError(
        'context',
        'CONTEXT_EMPTY',
        'reading the context: the tar has no entries',
        {
          hint: 'the builder has to put a Dockerfile and what it copies into the tar',
        },
      );
    }
    if (isFolder) {
      const message = `reading the context: no Dockerfile at '${this.#file}': it is a folder`;
      throw new DockerceptionError('context', 'CONTEXT_NO_DOCKERFILE', message, {
        hint: '-f PATH names another path',
      });
    }
    if (this.#isImage) {
      const message = 'reading the context: it is an image archive, not a build context';
      throw new DockerceptionError('context', 'CONTEXT_IMAGE', message, {
        hint: 'docker load loads it into an engine, dockerception inspect shows what is in it',
      });
    }
    const shown = [...this.#names].map((name) => printable(name, 60)).join(', ');
    const names = `the root has: ${shown === '' ? 'nothing' : shown}${this.#more ? ', …' : ''}`;
    const message = `reading the context: no Dockerfile at '${this.#file}'; ${names}`;
    throw new DockerceptionError('context', 'CONTEXT_NO_DOCKERFILE', message, {
      hint: this.#hint(),
    });
  }

  /** `docker save` writes repositories or blobs beside its manifest; a web app has a manifest alone. */
  get #isImage(): boolean {
    if (this.#ofImage.has('oci-layout') && this.#ofImage.has('index.json')) return true;
    const others = [...this.#names].some((name) =>
      /^(repositories|blobs|[0-9a-f]{64}(\.json)?)$/.test(name),
    );
    return this.#ofImage.has('manifest.json') && others;
  }

  #hint(): string {
    const base = this.#file.slice(this.#file.lastIndexOf('/') + 1).toLowerCase();
    const alike = [...this.#names].find((name) => name.toLowerCase().includes(base));
    if (alike !== undefined) return `-f ${printable(alike, 60)} names another path`;
    return '-f PATH names another path, --strip-components 1 takes a folder off, --base IMAGE does without a Dockerfile';
  }
}

/** The first component of a name, told without taking it apart. */
function rootName(path: string): string {
  let from = 0;
  while (path.startsWith('./', from)) from += 2;
  const slash = path.indexOf('/', from);
  const name = path.slice(from, slash < 0 ? undefined : slash);
  return name === '.' ? '' : name;
}
