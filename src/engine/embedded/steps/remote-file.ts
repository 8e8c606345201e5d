/**
 * Downloads a file of ADD. As in BuildKit, it has mode 0600, belongs to root, and has the time of `Last-Modified`.
 * Redirects are followed, and proxies are read from the environment. A truncated response or a wrong checksum fails at
 * the end of the body: the reader must then discard the file.
 */
import { createHash, type Hash } from 'node:crypto';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DockerceptionError } from '../../../errors.js';
import { FILE, Leaf } from '../../../filesystem/node.js';
import { Agents } from '../../../image/registry/agents.js';
import { bodyOf, discard } from '../../../image/registry/answer.js';
import { type Answer, exchange, type Request } from '../../../image/registry/exchange.js';
import { ConnectionFailure, HttpFailure } from '../../../image/registry/failure.js';
import { follow } from '../../../image/registry/follow.js';
import { hostsOf } from '../../../image/registry/hosts.js';
import { retrying } from '../../../image/registry/retry.js';
import { type Environment, type Timing, withDefaults } from '../../../image/registry/settings.js';
import { reasonOf } from '../../../image/registry/words.js';
import type { Blob } from '../../../image/store.js';
import { toBinary } from '../../../text/binary.js';
import { printable } from '../../../text/printable.js';
import { basicAuthorization } from '../../../text/redact.js';
import type { Spool } from '../spool/spool.js';
import { decoded, isGitRepository, nameOfUrl } from './remote-name.js';
import type { Source } from './sources.js';

export interface FetchOptions {
  /** `sha256:…`. @default the content is not checked */
  readonly checksum?: string | undefined;
  /** Variables used: `HTTPS_PROXY` and similar, `NODE_EXTRA_CA_CERTS`. */
  readonly env: Environment;
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

/**
 * Requests a file. Throws errors of kind build: ADD_GIT for a Git repository, ADD_URL, CHECKSUM_INVALID, and ADD_FAILED
 * if the server cannot be reached or does not have the file.
 */
export async function fetchFile(source: string, options: FetchOptions): Promise<RemoteFile> {
  if (isGitRepository(source)) throw refuseGit(source);
  const { signal } = options;
  const checksum = options.checksum === undefined ? undefined : Checksum.parse(options.checksum);
  if (!URL.canParse(source)) {
    throw new DockerceptionError('build', 'ADD_URL', `reading ${printable(source)}: it is no URL`);
  }
  const url = new URL(source);
  const doing = `fetching ${shown(url)}`;
  const settings = withDefaults({
    env: options.env,
    hosts: hostsOf(options.addHosts ?? []),
    signal,
    ...(options.timing !== undefined && { timing: options.timing }),
  });
  const agents = new Agents(settings);
  const request: Request = { method: 'GET', url: bare(url), headers: headersFor(url) };
  // With a checksum, a redirect to plain HTTP is safe.
  const insecure = checksum !== undefined;
  try {
    const answer = await retrying(
      () => ask(request, (next) => exchange(agents, next, settings), insecure),
      () => false,
      settings,
      signal,
    );
    const length = answer.headers['content-length'];
    const encoded = isGzip(answer);
    return {
      name: nameOfUrl(source),
      mode: 0o600,
      mtime: modified(answer),
      size: encoded || length === undefined ? undefined : Number(length),
      body: checked(answer, { doing, checksum, signal }),
    };
  } catch (error) {
    throw asBuildError(error, doing, signal);
  }
}

async function ask(
  request: Request,
  send: (request: Request) => Promise<Answer>,
  insecure: boolean,
): Promise<Answer> {
  const answer = await follow(request, send, insecure);
  if (answer.status >= 200 && answer.status < 300) return answer;
  await discard(answer);
  const reason = printable(answer.stream.statusMessage ?? '', 100);
  throw new HttpFailure(answer.url, answer.status, '', reason, undefined);
}

interface Circumstances {
  readonly doing: string;
  readonly checksum: Checksum | undefined;
  readonly signal: AbortSignal;
}

async function* checked(
  answer: Answer,
  { doing, checksum, signal }: Circumstances,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of isGzip(answer) ? unzipped(answer) : bodyOf(answer)) {
      checksum?.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw asBuildError(error, doing, signal, 'ended early: ');
  }
  const found = checksum?.found();
  if (found === checksum?.wanted) return;
  const message = `${doing}: digest mismatch: ${found} (expected: ${checksum?.wanted})`;
  throw new DockerceptionError('build', 'ADD_CHECKSUM', message, {
    hint: 'the file has changed, or --checksum is another file’s',
  });
}

/** Not requested, but BuildKit accepts it and decompresses the body. */
function isGzip({ headers }: Answer): boolean {
  return headers['content-encoding']?.toLowerCase() === 'gzip';
}

async function* unzipped({ stream }: Answer): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  // The iteration throws its error.
  pipeline(stream, gunzip, () => undefined);
  yield* gunzip as AsyncIterable<Buffer>;
}

function headersFor(url: URL): Record<string, string> {
  const plain = { 'Accept-Encoding': 'identity' };
  if (url.username === '' && url.password === '') return plain;
  const authorization = basicAuthorization(decoded(url.username), decoded(url.password));
  return { ...plain, Authorization: authorization };
}

/** Without credentials and fragment. */
function bare(url: URL): URL {
  const copy = new URL(url);
  copy.username = copy.password = copy.hash = '';
  return copy;
}

function shown(url: URL): string {
  return printable(bare(url).href);
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
      : `${where}${reasonOf(error instanceof ConnectionFailure ? error.cause : error)}`;
  return new DockerceptionError('build', 'ADD_FAILED', `${doing}: ${why}`, { cause: error });
}

function refuseGit(source: string): DockerceptionError {
  const shownSource = printable(source.replace(/^([a-z]+:\/\/)[^/@]*@/, '$1'));
  const message = `reading ${shownSource}: a Git repository is not for the embedded engine`;
  return new DockerceptionError('build', 'ADD_GIT', message, {
    hint: '--engine docker has BuildKit fetch it',
  });
}

/** Digits of each algorithm that OCI's image-spec registers (descriptor.md, "Digests"). */
const DIGITS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** Compares the digest of the bytes with the expected one. */
class Checksum {
  readonly #hash: Hash;

  private constructor(
    readonly wanted: string,
    private readonly algorithm: string,
  ) {
    this.#hash = createHash(algorithm);
  }

  /** Throws CHECKSUM_INVALID. */
  static parse(text: string): Checksum {
    const [, algorithm = '', digits = ''] = /^([^:]*):(.*)$/s.exec(text) ?? [];
    const length = Object.hasOwn(DIGITS, algorithm) ? DIGITS[algorithm] : undefined;
    if (length === undefined) throw invalid(text, 'the algorithm is none that is supported');
    if (digits.length !== length) throw invalid(text, `it has not ${length} digits`);
    if (!/^[0-9a-f]*$/.test(digits)) throw invalid(text, 'it has other digits than 0-9 and a-f');
    return new Checksum(text, algorithm);
  }

  update(bytes: Buffer): void {
    this.#hash.update(bytes);
  }

  /** The digest of all bytes. May be called once. */
  found(): string {
    return `${this.algorithm}:${this.#hash.digest('hex')}`;
  }
}

function invalid(text: string, why: string): DockerceptionError {
  const message = `reading --checksum=${printable(text, 80)}: ${why}`;
  return new DockerceptionError('build', 'CHECKSUM_INVALID', message, {
    hint: '`sha256sum FILE` gives the digits of --checksum=sha256:…',
  });
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
  const node = new Leaf(FILE | file.mode, 0, 0, Math.floor(file.mtime), size, offset, undefined);
  const name = toBinary(file.name);
  return { name, node, literal: [name] };
}
