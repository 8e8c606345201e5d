/** The file system of a builder as the resolver reads it. Each call may cost a request, so results are cached. */
import { posix } from 'node:path';
import { follow } from '../filesystem/follow.js';

export interface FileStat {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  /** The text of a symbolic link, as readlink(2) returns it. */
  readonly target?: string;
}

/** A read-only file system. In the paths it receives, only the last component may be a symbolic link. */
export interface BuilderFiles {
  /** Does not follow links; undefined for a missing path. */
  lstat(path: string): Promise<FileStat | undefined>;
  /** A file's content; undefined for a missing path. */
  read(path: string): Promise<Buffer | undefined>;
  /** The names in a directory; empty for a missing path. May be slow. */
  list(path: string): Promise<readonly string[]>;
}

export interface Located {
  /** Without links; missing components are kept as written. */
  readonly path: string;
  readonly type: 'file' | 'directory' | 'other' | 'missing';
  /** The links that were followed, in order, each at a path without links. */
  readonly links: readonly string[];
}

/** Follows links inside the builder's root, and caches the results. */
export class Root {
  readonly #stats = new Map<string, Promise<FileStat | undefined>>();
  readonly #located = new Map<string, Promise<Located>>();

  constructor(private readonly files: BuilderFiles) {}

  /** Follows every link; `..` of the root is the root. */
  locate(path: string): Promise<Located> {
    return remember(this.#located, path, () => this.#follow(path));
  }

  /** The content of a file at a path without links. Not cached, since libraries are large. */
  read(path: string): Promise<Buffer | undefined> {
    return this.files.read(path);
  }

  /** The text of a file, links followed; undefined if it is missing. */
  async text(path: string): Promise<string | undefined> {
    const found = await this.locate(path);
    if (found.type !== 'file') return undefined;
    return (await this.read(found.path))?.toString('latin1');
  }

  async list(path: string): Promise<readonly string[]> {
    const found = await this.locate(path);
    return found.type === 'directory' ? this.files.list(found.path) : [];
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
      const at = posix.join('/', ...above, name);
      step = steps.next(await remember(this.#stats, at, () => this.files.lstat(at)));
    }
    const { names, node, links } = step.value;
    return {
      path: `/${names.join('/')}`,
      type: (node?.type ?? 'missing') as Located['type'],
      links: [...new Set(links)].map((link) => `/${link}`),
    };
  }
}

/** The value of a key, which is created on first use. */
export function remember<Value>(
  map: Map<string, Value>,
  key: string,
  make: () => NoInfer<Value>,
): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
