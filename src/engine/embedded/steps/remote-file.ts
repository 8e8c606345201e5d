/**
 * Downloads a file of ADD. As in BuildKit, it has mode 0600, belongs to root, and has the time of `Last-Modified`.
 * Redirects are followed, and proxies are read from the environment. A truncated response or a wrong checksum fails at
 * the end of the body: the reader must then discard the file.
 */
import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { connectionReason, DockerceptionError } from '../../../errors.js';
import { FILE, Leaf } from '../../../filesystem/node.js';
import { Agents, hostsOf } from '../../../image/registry/agents.js';
import { ConnectionFailure, HttpFailure } from '../../../image/registry/errors.js';
import {
  type Answer,
  bodyOf,
  discard,
  exchange,
  followRedirects,
  type Request,
} from '../../../image/registry/http.js';
import { retry } from '../../../image/registry/retry.js';
import { type Timing, withDefaults } from '../../../image/registry/settings.js';
import type { Blob } from '../../../image/store.js';
import { toBinary } from '../../../text/binary.js';
import { printable } from '../../../text/printable.js';
import { basicAuthorization } from '../../../text/redact.js';
import { trimEnd } from '../../../text/trim.js';
import type { Spool } from '../spool/spool.js';
import type { Source } from './sources.js';

export interface FetchOptions {
  /** A valid `sha256:…`. @default the content is not checked */
  readonly checksum?: string | undefined;
  /** Variables used: `HTTPS_PROXY` and similar, `NODE_EXTRA_CA_CERTS`. */
  readonly env: NodeJS.ProcessEnv;
  /** `HOST:IP` entries. @default all hosts are looked up */
  readonly addHosts?: readonly string[];
  /** Stops the download, which rejects with the reason of the signal. */
  readonly signal: AbortSignal;
  /** @default that of registries */
  readonly timing?: Partial<Timing>;
}

/** A file whose body is not read yet. */
export interface RemoteFile {
  /** Its name if the destination is a directory. */
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  /** Seconds since 1970; 0 if unknown. */
  readonly mtime: number;
  /** Bytes, if the server announces them. */
  readonly size: number | undefined;
  /** May be read once. Fails with ADD_CHECKSUM and ADD_FAILED. */
  readonly body: Blob;
}

/** Requests a file. Throws errors of kind build: ADD_URL; ADD_FAILED if the server does not send the file. */
export async function fetchFile(source: string, options: FetchOptions): Promise<RemoteFile> {
  const { checksum, env, addHosts = [], timing, signal } = options;
  const url = URL.canParse(source) ? new URL(source) : undefined;
  if (url === undefined)
    throw new DockerceptionError('build', 'ADD_URL', `reading ${printable(source)}: it is no URL`);
  const plain = withoutCredentials(url);
  const doing = `fetching ${printable(plain.href)}`;
  const hosts = hostsOf(addHosts);
  const settings = withDefaults({ env, hosts, signal, ...(timing && { timing }) });
  const agents = new Agents(settings);
  const request: Request = { method: 'GET', url: plain, headers: headersFor(url) };
  try {
    const answer = await retry(
      async () => {
        const send = (next: Request): Promise<Answer> => exchange(agents, next, settings);
        // With a checksum, a redirect to plain HTTP is safe.
        return successful(await followRedirects(request, send, checksum !== undefined));
      },
      () => false,
      settings,
      signal,
    );
    const length = answer.headers['content-length'];
    return {
      name: nameOfUrl(source),
      mode: 0o600,
      mtime: modified(answer),
      size: isGzip(answer) || length === undefined ? undefined : Number(length),
      body: checked(answer, { doing, checksum, signal }),
    };
  } catch (error) {
    throw asBuildError(error, doing, signal);
  }
}

async function successful(answer: Answer): Promise<Answer> {
  if (answer.status >= 200 && answer.status < 300) return answer;
  await discard(answer);
  const reason = printable(answer.stream.statusMessage ?? '', 100);
  throw new HttpFailure(answer.url, answer.status, reason);
}

async function* checked(
  answer: Answer,
  { doing, checksum, signal }: Pick<FetchOptions, 'checksum' | 'signal'> & { doing: string },
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  // The iteration throws the errors of the pipeline.
  const body: AsyncIterable<Buffer> = isGzip(answer)
    ? pipeline(answer.stream, createGunzip(), () => undefined)
    : bodyOf(answer);
  try {
    for await (const chunk of body) {
      if (checksum !== undefined) hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw asBuildError(error, doing, signal, 'ended early: ');
  }
  if (checksum === undefined) return;
  const found = `sha256:${hash.digest('hex')}`;
  if (found === checksum) return;
  const message = `${doing}: digest mismatch: ${found} (expected: ${checksum})`;
  throw new DockerceptionError('build', 'ADD_CHECKSUM', message, {
    hint: 'the file has changed, or --checksum is another file’s',
  });
}

/** Not requested, but BuildKit accepts it and decompresses the body. */
function isGzip({ headers }: Answer): boolean {
  return headers['content-encoding']?.toLowerCase() === 'gzip';
}

function headersFor(url: URL): Record<string, string> {
  const plain = { 'Accept-Encoding': 'identity' };
  if (url.username === '' && url.password === '') return plain;
  const authorization = basicAuthorization(decoded(url.username), decoded(url.password));
  return { ...plain, Authorization: authorization };
}

/** Without credentials and fragment. */
function withoutCredentials(url: URL): URL {
  const copy = new URL(url);
  copy.username = copy.password = copy.hash = '';
  return copy;
}

function modified({ headers }: Answer): number {
  const time = Date.parse(headers['last-modified'] ?? '');
  return Number.isNaN(time) ? 0 : Math.max(0, Math.floor(time / 1000));
}

function asBuildError(error: unknown, doing: string, signal: AbortSignal, where = ''): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof DockerceptionError) return error;
  const why =
    error instanceof HttpFailure
      ? `the server answered ${error.message.replace(': ', ' ')}`
      : `${where}${connectionReason(error instanceof ConnectionFailure ? error.cause : error)}`;
  return new DockerceptionError('build', 'ADD_FAILED', `${doing}: ${why}`, { cause: error });
}

/** Downloads a file into the spool. Rejects as {@link fetchFile} does. */
export async function fetchInto(spool: Spool, url: string, options: FetchOptions): Promise<Source> {
  const file = await fetchFile(url, options);
  const offset = spool.begin();
  let size = 0;
  for await (const chunk of file.body) {
    spool.append(chunk);
    size += chunk.length;
    await spool.ready();
  }
  const node = new Leaf(FILE | file.mode, 0, 0, file.mtime, size, offset, undefined);
  const name = toBinary(file.name);
  return { name, node, literal: [name] };
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
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
