/** Finds the Dockerfile among the entries of a context, and explains why one is missing. */
import type { ErrorCode } from '../error-codes.js';
import { DockerceptionError } from '../errors.js';
import type { PlainEdit } from '../tar/plain-entries.js';
import type { EntryObserver } from '../tar/walk-handler.js';
import { cleanPath } from '../text/path.js';
import { printable } from '../text/printable.js';
import type { Edit } from './edit.js';

const IMAGE_FILES = ['manifest.json', 'oci-layout', 'index.json'];

/** Names of the root kept for messages; memory must not grow with the context. */
const MAX_NAMES = 12;

/** The Dockerfile, with the values after all edits. */
export interface FoundFile {
  /** Clean. */
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
}

/** Receives the content of each Dockerfile. */
export interface FileReceiver {
  /** The content of the file at a clean path follows. */
  begin(path: string): void;
  /** The next bytes of it, valid during the call only. */
  data(bytes: Buffer): void;
  /** Receives all entries, as edited. @default none @internal */
  readonly observer?: EntryObserver | undefined;
}

export class DockerfileFinder {
  readonly #files: readonly string[];
  readonly #found = new Map<string, FoundFile>();
  readonly #names = new Set<string>();
  #more = false;
  #empty = true;
  /** Whether the last entry is a Dockerfile. */
  #isFile = false;
  readonly #imageFiles = new Set<string>();

  /**
   * @param file the Dockerfile's clean path
   * @param others names in the root that are used instead, in order of preference
   */
  constructor(
    private readonly file: string,
    others: readonly string[] = [],
    private readonly receiver?: FileReceiver,
  ) {
    this.#files = [file, ...others];
  }

  /** The last edit: it sees the names that the engine gets. */
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
    this.receiver?.observer?.entry(entry);
    if (IMAGE_FILES.includes(path)) this.#imageFiles.add(path);
    if (this.#more) return;
    const name = rootName(path);
    if (name === '' || this.#names.has(name)) return;
    if (this.#names.size === MAX_NAMES) this.#more = true;
    else this.#names.add(name);
  };

  /** What it does to plain entries: it reads their names. */
  get plain(): PlainEdit | undefined {
    if (this.receiver?.observer?.isOpen === true) return undefined;
    if (this.#files.some((file) => file.includes('/'))) return undefined;
    return this.#more ? { seesRoots: false } : { seesRoots: true };
  }

  /** The next bytes of the content of the entry that was observed last. */
  data(bytes: Buffer): void {
    if (this.#isFile) this.receiver?.data(bytes);
    this.receiver?.observer?.data(bytes);
  }

  /** @throws DockerceptionError `CONTEXT_EMPTY`, `CONTEXT_IMAGE`, `CONTEXT_NO_DOCKERFILE` */
  requireFile(): FoundFile {
    const isFolder = !this.#found.has(this.file) && this.#names.has(this.file);
    const [found] = this.#files.flatMap((file) => this.#found.get(file) ?? []);
    if (found !== undefined && !isFolder) return found;
    if (this.#empty)
      throw invalid(
        'CONTEXT_EMPTY',
        'the tar has no entries',
        'the builder has to put a Dockerfile and what it copies into the tar',
      );
    const missing = `no Dockerfile at '${this.file}'`;
    if (isFolder)
      throw invalid(
        'CONTEXT_NO_DOCKERFILE',
        `${missing}: it is a folder`,
        '-f PATH names another path',
      );
    if (this.#isImage)
      throw invalid(
        'CONTEXT_IMAGE',
        'it is an image archive, not a build context',
        'docker load loads it into an engine, dockerception inspect shows what is in it',
      );
    const shown = [...this.#names].map((name) => printable(name, 60)).join(', ');
    const names = `${shown === '' ? 'nothing' : shown}${this.#more ? ', …' : ''}`;
    throw invalid('CONTEXT_NO_DOCKERFILE', `${missing}; the root has: ${names}`, this.#hint());
  }

  /** Whether it is an image archive: unlike that of a web app, its manifest is next to repositories or blobs. */
  get #isImage(): boolean {
    if (this.#imageFiles.has('oci-layout') && this.#imageFiles.has('index.json')) return true;
    const others = [...this.#names].some((name) =>
      /^(repositories|blobs|[0-9a-f]{64}(\.json)?)$/.test(name),
    );
    return this.#imageFiles.has('manifest.json') && others;
  }

  #hint(): string {
    const base = this.file.slice(this.file.lastIndexOf('/') + 1).toLowerCase();
    const alike = [...this.#names].find((name) => name.toLowerCase().includes(base));
    if (alike !== undefined) return `\`file: ${printable(alike, 60)}\` names another path`;
    return '`file: PATH` names another path, `stripComponents: 1` takes a folder off, `base: IMAGE` does without a Dockerfile';
  }
}

/** What the edits and the search for the Dockerfile do to plain entries. */
export function plainEdit(edit: Edit, finder: DockerfileFinder | undefined): PlainEdit | undefined {
  const found = finder === undefined ? {} : finder.plain;
  return found && edit.plain && { ...edit.plain, ...found };
}

function invalid(code: ErrorCode, why: string, hint: string): DockerceptionError {
  return new DockerceptionError('context', code, `reading the context: ${why}`, { hint });
}

function rootName(path: string): string {
  let from = 0;
  while (path.startsWith('./', from)) from += 2;
  const slash = path.indexOf('/', from);
  const name = path.slice(from, slash < 0 ? undefined : slash);
  return name === '.' ? '' : name;
}
