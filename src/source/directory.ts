/** A directory as a source, as `docker build DIR` sees it. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import {
  compileIgnore,
  type Ignore,
  keepBuildFiles,
  parseIgnore,
} from '../dockerfile/patterns/ignore.js';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { withoutSlashes } from '../text/trim.js';
import { packTree, unreadable } from './pack.js';
import type { Source } from './source.js';
import { walkDirectory } from './walk-directory.js';

/** How a directory is read. */
export interface DirectoryOptions {
  /** The Dockerfile's path inside the directory, which is never ignored. Undefined if none is needed. */
  readonly file: string | undefined;
  /** Paths of outputs on the host, which are not packed. @default none */
  readonly leaveOut?: readonly string[] | undefined;
  /**
   * Whether a path stays in the context. The content of a file with several names is packed under the first
   * one that stays. @default all do
   */
  readonly keeps?: ((path: string, directory: boolean) => boolean) | undefined;
  /** Called once if sockets are omitted. */
  readonly notice?: ((message: string) => void) | undefined;
  /** A file of the host in place of the directory's .dockerignore. @default none */
  readonly ignoreFile?: string | undefined;
}

/**
 * Opens a directory. Its .dockerignore (as in BuildKit, `FILE.dockerignore` takes precedence) is read now, its files when
 * the stream is. Links stay links, hard ones too; FIFOs and devices are packed, sockets are omitted.
 * @throws DockerceptionError `USAGE_DIRECTORY` of kind `usage`, `IGNORE_PATTERN` and
 *   `CONTEXT_UNREADABLE` of kind `context`; the stream fails with the last one
 */
export async function directorySource(dir: string, options: DirectoryOptions): Promise<Source> {
  const root = await resolve(dir);
  const file = options.file === undefined ? undefined : posix.normalize(options.file);
  const ignore = await ignoreOf(dir, root, file, options.ignoreFile);
  const name = withoutSlashes(dir);
  const { leaveOut = [], keeps = () => true, notice } = options;
  const written = (await Promise.all(leaveOut.map(realPaths))).flat();
  const outputs = written.map((path) => posix.relative(root, path));
  const excludes = (path: string): boolean => outputs.includes(path) || ignore.matches(path);
  const selection = { excludes, mayKeepBelow: ignore.couldKeepBelow, notice };
  async function* entries(): AsyncGenerator<string[]> {
    yield ['.'];
    for await (const batch of walkDirectory(root, name, selection))
      yield batch.filter(({ path, directory }) => keeps(path, directory)).map(({ path }) => path);
  }
  const stream = packTree(root, { entries: entries(), name });
  return { name: dir, stream, complete: Promise.resolve(), isDirectory: true };
}

/**
 * Returns the patterns that apply to a directory, as {@link directorySource} reads them. Empty if `dir` is no directory.
 * @throws DockerceptionError as {@link directorySource}
 */
export async function ignorePatterns(
  dir: string,
  { file, ignoreFile }: Pick<DirectoryOptions, 'file' | 'ignoreFile'>,
): Promise<string[]> {
  const root = await realpath(dir).catch(() => undefined);
  if (root === undefined || !(await stat(root)).isDirectory()) return [];
  return readIgnore(dir, root, file, ignoreFile);
}

/** Whether a path below a directory is excluded from it, as `directorySource` reads it. */
export async function ignoredIn(root: string, file: string): Promise<(path: string) => boolean> {
  const ignore = await ignoreOf(root, root, posix.normalize(file));
  // A path below one that is excluded may match no pattern itself.
  return (path) =>
    path.split('/').some((_, at, parts) => ignore.matches(parts.slice(0, at + 1).join('/'))) &&
    ignore.matches(path);
}

async function ignoreOf(
  dir: string,
  root: string,
  file: string | undefined,
  ignoreFile?: string,
): Promise<Ignore> {
  const patterns = await readIgnore(dir, root, file, ignoreFile);
  return compileIgnore(file === undefined ? patterns : keepBuildFiles(patterns, file));
}

/** The real path of a file, also of one that doesn't exist yet; of a link, that of its target as well. */
async function realPaths(path: string): Promise<string[]> {
  const folder = await realpath(posix.dirname(path)).catch(() => undefined);
  const own = folder === undefined ? [] : [posix.join(folder, posix.basename(path))];
  const target = await realpath(path).catch(() => undefined);
  return target === undefined ? own : [...own, target];
}

/** The directory of a path, links followed: a link to a directory would be packed as the link. */
async function resolve(dir: string): Promise<string> {
  try {
    const root = await realpath(dir);
    if (!(await stat(root)).isDirectory()) throw new Error('it is not a directory');
    return root;
  } catch (cause) {
    const why = systemCode(cause) === 'ENOENT' ? 'there is no such directory' : messageOf(cause);
    throw new DockerceptionError('usage', 'USAGE_DIRECTORY', `opening ${dir}: ${why}`, { cause });
  }
}

async function readIgnore(
  dir: string,
  root: string,
  file: string | undefined,
  ignoreFile?: string,
): Promise<string[]> {
  const names = [...(file === undefined ? [] : [`${file}.dockerignore`]), '.dockerignore'];
  const own = names.map((name) => ({ path: posix.join(root, name), name: posix.join(dir, name) }));
  const named = ignoreFile === undefined ? own : [{ path: ignoreFile, name: ignoreFile }];
  for (const { path, name } of named) {
    try {
      return parseIgnore(await readFile(path, 'utf8'), name);
    } catch (error) {
      const isMissing = ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '');
      if (!isMissing || ignoreFile !== undefined) throw unreadable(name, error);
    }
  }
  return [];
}
