/**
 * The builder's file system as the resolver sees it: read only, absolute paths, no link followed.
 * Whoever implements it pays for every call (a request to an engine), so what was asked once is
 * kept here and asked no more.
 */
import { posix } from 'node:path';
import { follow } from '../filesystem/follow.js';

/** What is at a path. */
export interface FileStat {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  /** Of a symbolic link: its own text, as readlink(2) gives it, not what it leads to in the end. */
  readonly target?: string;
}

/** The builder's file system. Every path has no symbolic link but in its last component. */
export interface BuilderFiles {
  /** What is there, links not followed; undefined when nothing is. */
  lstat(path: string): Promise<FileStat | undefined>;
  /** A file's whole content; undefined when it is not there. */
  read(path: string): Promise<Buffer | undefined>;
  /** The names in a directory; none when it is not there. May be costly: asked for rarely. */
  list(path: string): Promise<readonly string[]>;
}

/** Where a path leads. */
export interface Located {
  /** Without any link; what is missing of it is taken as it is written. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'other' | 'missing';
  /** The links on the way, in the order they were met, each at a path without links. */
  readonly links: readonly string[];
}

/** Follows links inside the builder's root, and remembers. */
export class Root {
  readonly #files: BuilderFiles;
  readonly #stats = new Map<string, Promise<FileStat | undefined>>();
  readonly #located = new Map<string, Promise<Located>>();

  constructor(files: BuilderFiles) {
    this.#files = files;
  }

  /** Follows every link, the last component's too; `..` at the root stays there. */
  locate(path: string): Promise<Located> {
    return remember(this.#located, path, () => this.#follow(path));
  }

  /** The content of a file at a path without links. It is not kept: libraries are large. */
  read(path: string): Promise<Buffer | undefined> {
    return this.#files.read(path);
  }

  /** The text of a configuration file, links followed; undefined when it is not there. */
  async text(path: string): Promise<string | undefined> {
    const found = await this.locate(path);
    if (found.type !== 'file') return undefined;
    return (await this.read(found.path))?.toString('latin1');
  }

  /** The names in a directory, links followed. */
  async list(path: string): Promise<readonly string[]> {
    const found = await this.locate(path);
    return found.type === 'directory' ? this.#files.list(found.path) : [];
  }

  async #follow(path: string): Promise<Located> {
    const steps = follow<FileStat>(path, {
      top: [{ type: 'directory' }],
      targetOf: ({ type, target = '' }) => (type === 'symlink' ? target : undefined),
      isDirectory: ({ type }) => type === 'directory',
    });
    let step = steps.next();
    while (step.done !== true) {
      const { above, name } = step.value;
      step = steps.next(await this.#lstat(posix.join('/', ...above, name)));
    }
    const { names, node, links } = step.value;
    return {
      path: `/${names.join('/')}`,
      type: (node?.type ?? 'missing') as Located['type'],
      links: [...new Set(links)].map((link) => `/${link}`),
    };
  }

  #lstat(path: string): Promise<FileStat | undefined> {
    return remember(this.#stats, path, () => this.#files.lstat(path));
  }
}

/** What a map has for a key, made when it has nothing yet. */
export function remember<Value>(
  map: Map<string, Value>,
  key: string,
  make: () => NoInfer<Value>,
): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
