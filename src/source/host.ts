/** `--add HOST[:DEST]`: a file or directory of the host, all of it, under a name in the context. */
import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import { withoutSlashes } from '../text/trim.js';
import { EVERYTHING, socketNotice, walkHost } from './host-walk.js';
import { packTree } from './pack.js';
import type { Source } from './source.js';
import { isStandardInput } from './standard-input.js';

/** Where an addition comes from and goes to. */
interface Addition {
  readonly path: string;
  readonly directory: boolean;
  /** Its length isn't known: standard input, a pipe. */
  readonly pipe: boolean;
  /** The name in the context, `.` for the root. */
  readonly target: string;
}

/**
 * Returns the paths that `packHost` puts into the context: relative, a directory's with a `/` at
 * its end, the root left out.
 * @throws DockerceptionError of kind `usage` when HOST isn't there or DEST leads outside, of kind
 *   `context` when something below HOST can't be read
 */
export async function hostPaths(host: string, dest: string): Promise<Set<string>> {
  const { path, directory, target } = await find(host, dest);
  if (!directory) return new Set([target]);
  const paths = new Set<string>(target === '.' ? [] : [`${target}/`]);
  for await (const batch of walkHost(path, host))
    for (const found of batch)
      paths.add(posix.join(target, found.path) + (found.directory ? '/' : ''));
  return paths;
}

/**
 * Packs a file as DEST (as DEST/NAME when DEST is `.` or ends with a slash), or a directory with
 * all below it as DEST; with `.` its contents go into the root. No .dockerignore is applied. A pipe, such as standard
 * input (`-`), becomes a file with what it yields, which is read now.
 * `notice` is called once, with a line for the user, when sockets are left out.
 * @throws as `hostPaths`
 */
export async function packHost(
  host: string,
  dest: string,
  notice?: (message: string) => void,
  signal?: AbortSignal,
): Promise<Source> {
  const { path, directory, pipe, target } = await find(host, dest);
  if (pipe) {
    const { openPipe, spooledSource } = await import('./spooled.js');
    const name = isStandardInput(host) ? 'standard input' : host;
    return spooledSource(openPipe(host), name, target, signal);
  }
  const name = withoutSlashes(host);
  const stream = directory
    ? packTree(path, {
        entries: async function* () {
          // The root keeps the owner and the mode that it has in the stream.
          if (target !== '.') yield ['.'];
          for await (const batch of walkHost(path, name, {
            ...EVERYTHING,
            socket: socketNotice(notice),
          }))
            yield batch.map((found) => found.path);
        },
        rename: (below) => posix.join(target, below),
        name,
      })
    : packTree(posix.dirname(path), {
        entries: async function* () {
          yield [posix.basename(path)];
        },
        rename: () => target,
        name: posix.dirname(name),
      });
  return { name: host, stream, complete: Promise.resolve() };
}

async function find(host: string, dest: string): Promise<Addition> {
  const normal = posix.normalize(dest);
  if (normal.startsWith('/') || normal.split('/').includes('..'))
    throw usage(`adding ${host}: '${dest}' is not a path inside the context`);
  if (host === '-') {
    if (/^\.?$|\/$/.test(normal))
      throw usage('adding standard input: it has no name, and DEST has to be one');
    return { path: host, directory: false, pipe: true, target: normal };
  }
  try {
    const kind = await stat(host);
    const directory = kind.isDirectory();
    const pipe = kind.isFIFO() || kind.isSocket() || isTerminal(host, kind);
    const path = pipe ? host : await realpath(host);
    const into = !directory && /^\.?$|\/$/.test(normal);
    const target = posix.join(normal, into ? posix.basename(host) : '').replace(/(?<=.)\/$/, '');
    return { path, directory, pipe, target };
  } catch (cause) {
    const missing = systemCode(cause) === 'ENOENT';
    throw usage(`adding ${host}: ${missing ? 'there is no such file' : messageOf(cause)}`, cause);
  }
}

/** Standard input that is a terminal is refused as such. */
function isTerminal(host: string, kind: Stats): boolean {
  return kind.isCharacterDevice() && isStandardInput(host);
}

function usage(message: string, cause?: unknown): DockerceptionError {
  return new DockerceptionError('usage', 'USAGE_ADD', message, {
    cause,
    hint: '--add takes HOST[:DEST]: a path on the host, and one inside the context',
  });
}
