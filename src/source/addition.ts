/** `--add HOST[:DEST]`: a file or directory of the host under a name in the context. */
import { createReadStream, type Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { DockerceptionError, messageOf, readReason } from '../errors.js';
import { readRange } from '../files/file-range.js';
import { TemporaryFile } from '../files/temporary-file.js';
import { END_OF_ARCHIVE, headerOf, paddingAfter } from '../tar/writer.js';
import { toBinary } from '../text/binary.js';
import { withoutSlashes } from '../text/trim.js';
import { openDescriptor } from './descriptor.js';
import { packTree } from './pack.js';
import type { Source } from './source.js';
import { isStandardInput, openInput } from './standard-input.js';
import { type Found, walkDirectory } from './walk-directory.js';

export interface Addition {
  readonly source: Source;
  /** The paths that it adds to the context: relative, a directory's with a `/` at its end, without the root. */
  readonly paths: ReadonlySet<string>;
}

/**
 * Packs a file as DEST (as DEST/NAME if DEST is `.` or ends with a slash), or a directory with everything below it as
 * DEST; with `.` its contents go into the root. No .dockerignore is applied. A pipe, such as standard input (`-`), is
 * read now and becomes a file.
 * @param notice called at most once, when sockets are omitted
 * @throws DockerceptionError of kind `usage` if HOST doesn't exist or DEST leads outside, of kind `context` if something
 *   below HOST can't be read
 */
export async function openAddition(
  host: string,
  dest: string,
  notice?: (message: string) => void,
  signal?: AbortSignal,
): Promise<Addition> {
  const { path, type, target } = await find(host, dest);
  if (type === 'pipe') {
    const name = isStandardInput(host) ? 'standard input' : host;
    const source = await spooledSource(openPipe(host), name, target, signal);
    return { source, paths: new Set([target]) };
  }
  const name = withoutSlashes(host);
  const complete = Promise.resolve();
  if (type === 'file') {
    const entries = [[posix.basename(path)]];
    const options = { entries, rename: () => target, name: posix.dirname(name) };
    const stream = packTree(posix.dirname(path), options);
    return { source: { name: host, stream, complete }, paths: new Set([target]) };
  }
  // The root keeps the owner and the mode that it has in the stream.
  const found: Found[] = target === '.' ? [] : [{ path: '.', directory: true }];
  for await (const batch of walkDirectory(path, name, { notice })) found.push(...batch);
  const rename = (below: string): string => posix.join(target, below);
  const stream = packTree(path, { entries: [found.map((one) => one.path)], rename, name });
  const paths = found.map((one) => rename(one.path) + (one.directory ? '/' : ''));
  return { source: { name: host, stream, complete }, paths: new Set(paths) };
}

interface Target {
  readonly path: string;
  readonly type: 'file' | 'directory' | 'pipe';
  /** The name in the context, `.` for the root. */
  readonly target: string;
}

async function find(host: string, dest: string): Promise<Target> {
  const normal = posix.normalize(dest);
  if (normal.startsWith('/') || normal.split('/').includes('..'))
    throw usage(`adding ${host}: '${dest}' is not a path inside the context`);
  const isFolder = /^\.?$|\/$/.test(normal);
  if (host === '-') {
    if (isFolder) throw usage('adding standard input: it has no name, and DEST has to be one');
    return { path: host, type: 'pipe', target: normal };
  }
  try {
    const type = typeOf(host, await stat(host));
    const path = type === 'pipe' ? host : await realpath(host);
    const name = type !== 'directory' && isFolder ? posix.basename(host) : '';
    const target = posix.join(normal, name).replace(/(?<=.)\/$/, '');
    return { path, type, target };
  } catch (cause) {
    throw usage(`adding ${host}: ${readReason(cause)}`, cause);
  }
}

function typeOf(host: string, found: Stats): Target['type'] {
  if (found.isDirectory()) return 'directory';
  // Standard input that is a terminal is refused as such.
  const isTerminal = found.isCharacterDevice() && isStandardInput(host);
  return found.isFIFO() || found.isSocket() || isTerminal ? 'pipe' : 'file';
}

function usage(message: string, cause?: unknown): DockerceptionError {
  return new DockerceptionError('usage', 'USAGE_ADD', message, {
    cause,
    hint: '`add` takes HOST[:DEST]: a path on the host, and one inside the context',
  });
}

const DESCRIPTOR = /^(?:\/dev|\/proc\/self)\/fd\/([0-9]{1,9})$/;

/** Opens a pipe by its path. Throws USAGE_TERMINAL for standard input that is a terminal. */
function openPipe(path: string): Readable {
  if (isStandardInput(path)) return openInput();
  const descriptor = DESCRIPTOR.exec(path)?.[1];
  return descriptor === undefined
    ? createReadStream(path)
    : openDescriptor(Number(descriptor), true);
}

/**
 * Reads all of `input` into a temporary file, since a tar's header has the length, and returns a tar with one file of
 * that content, owned by 0:0, dated 1970.
 * @throws the signal's reason; DockerceptionError of kind `context` when it can't be read, of kind `output`, code
 *   `OUTPUT_FULL` or `OUTPUT_FAILED`, when the temporary file can't be written
 */
async function spooledSource(
  input: Readable,
  name: string,
  target: string,
  signal?: AbortSignal,
): Promise<Source> {
  const file = new TemporaryFile();
  try {
    signal?.throwIfAborted();
    if (signal !== undefined) addAbortSignal(signal, input);
    for await (const chunk of input) await file.write(chunk as Buffer, file.size);
    const stream = Readable.from(tarOf(file, target), { objectMode: false });
    stream.once('close', () => void file.close());
    return { name, stream, complete: Promise.resolve() };
  } catch (error) {
    input.destroy();
    await file.close();
    if (signal?.aborted === true) throw signal.reason;
    if (error instanceof DockerceptionError) throw error;
    const message = `adding ${name}: ${messageOf(error)}`;
    throw new DockerceptionError('context', 'SOURCE_FAILED', message, { cause: error });
  }
}

async function* tarOf(file: TemporaryFile, target: string): AsyncGenerator<Buffer> {
  const { size } = file;
  const attributes = { typeflag: '0', mode: 0o644, uid: 0, gid: 0, mtime: 0 };
  yield headerOf({ path: toBinary(target), ...attributes, size });
  yield* readRange(file, 0, size) as AsyncIterable<Buffer>;
  yield Buffer.concat([paddingAfter(size), END_OF_ARCHIVE]);
}
