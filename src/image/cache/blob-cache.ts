/**
 * A cache of blobs from registries in `$XDG_CACHE_HOME/dockerception/blobs/ALGORITHM/HEX` (XDG Base Directory
 * Specification; `~/.cache` by default). Processes share it: a file gets its name when it is complete, and is verified
 * before it is used.
 */
import type { Hash } from 'node:crypto';
import { constants, createReadStream, renameSync } from 'node:fs';
import { access, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { DockerceptionError, systemCode } from '../../errors.js';
import { keepFolder } from '../../files/make-folder.js';
import { TemporaryFile } from '../../files/temporary-file.js';
import { isTemporaryName, removeAbandoned, TemporaryPath } from '../../files/temporary-path.js';
import { outputFailure } from '../../files/write-error.js';
import type { Descriptor } from '../descriptor.js';
import { digestOfStream, hashFor, isDigest } from '../digest.js';

type Fetch = (file: PartialBlob, signal: AbortSignal) => Promise<void>;

/**
 * Opens the cache of an environment: `XDG_CACHE_HOME`, `HOME`; a temporary folder (`TMPDIR`) if that is not writable.
 * @param cacheDir the folder of all caches. @default the environment's
 * @throws DockerceptionError of kind output, code CACHE_WRITE, without a temporary folder
 */
export async function openBlobCache(env: NodeJS.ProcessEnv, cacheDir?: string): Promise<BlobCache> {
  const folder = cacheFolder('blobs', env, cacheDir);
  if (folder !== undefined && (await isWritable(folder))) {
    await removeAbandoned(folder);
    return new BlobCache(folder);
  }
  const temporary = env['TMPDIR'] || tmpdir();
  await removeAbandoned(temporary);
  try {
    const made = TemporaryPath.folder(temporary);
    return new BlobCache(made.path, made);
  } catch (error) {
    throw writing(temporary, error);
  }
}

/** The folder of a cache; undefined if the environment has no place for caches. */
export function cacheFolder(
  name: string,
  { XDG_CACHE_HOME: cache = '', HOME: home = '' }: NodeJS.ProcessEnv,
  cacheDir?: string,
): string | undefined {
  if (cacheDir !== undefined) return resolve(cacheDir, name);
  // The specification ignores relative paths.
  const parent = isAbsolute(cache) ? cache : join(home, '.cache');
  return isAbsolute(parent) ? join(parent, 'dockerception', name) : undefined;
}

async function isWritable(folder: string): Promise<boolean> {
  try {
    keepFolder(folder);
    // Another user may own the folders inside.
    const names = (await readdir(folder)).filter((name) => !isTemporaryName(name));
    for (const path of [folder, ...names.map((name) => join(folder, name))])
      await access(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A cache in a folder. The caller closes it. */
export class BlobCache {
  readonly #fetching = new Map<string, Promise<string>>();
  readonly #verified = new Set<string>();
  readonly #closing = new AbortController();

  /** @param temporary removed when the cache is closed */
  constructor(
    readonly folder: string,
    private readonly temporary?: TemporaryPath,
  ) {}

  /** The path of a valid blob; an invalid one is removed. */
  async find({ digest, size }: Named): Promise<string | undefined> {
    const path = this.#path(digest);
    const found = await stat(path).catch(() => undefined);
    if (!found) return undefined;
    if (found.size === size && (this.#verified.has(digest) || (await hasDigest(path, digest)))) {
      this.#verified.add(digest);
      return path;
    }
    // Another process may have replaced it meanwhile: fetching it again is harmless.
    this.#verified.delete(digest);
    // A folder in its place would block it.
    await rm(path, { force: true, recursive: true }).catch((error: unknown) => {
      throw writing(path, error);
    });
    return undefined;
  }

  /** The bytes of a valid blob of unknown size, at most `limit`. */
  async findDocument(digest: string, limit: number): Promise<Buffer | undefined> {
    const found = await stat(this.#path(digest)).catch(() => undefined);
    if (!found || found.size > limit) return undefined;
    const path = await this.find({ digest, size: found.size });
    return path === undefined ? undefined : readFile(path).catch(() => undefined);
  }

  /**
   * The path of a blob; `fetch` gets a missing one, once for concurrent calls. Its signal is aborted when the cache is
   * closed.
   * @throws what `fetch` throws; DockerceptionError: BLOB_DIGEST (kind engine) for wrong bytes, CACHE_WRITE (kind
   * output)
   */
  obtain(blob: Named, fetch: Fetch): Promise<string> {
    const { digest } = blob;
    let running = this.#fetching.get(digest);
    if (!running) {
      running = this.#obtain(blob, fetch).finally(() => this.#fetching.delete(digest));
      this.#fetching.set(digest, running);
    }
    return running;
  }

  /** Aborts fetches; removes a temporary folder. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('the cache was closed'));
    await Promise.allSettled(this.#fetching.values());
    this.temporary?.remove();
  }

  async #obtain(blob: Named, fetch: Fetch): Promise<string> {
    const found = await this.find(blob);
    if (found !== undefined) return found;
    this.#closing.signal.throwIfAborted();
    const [partial, file] = this.#create();
    try {
      const received = new PartialBlob(file, blob);
      await fetch(received, this.#closing.signal);
      if (!received.isWhole()) throw wrongBytes(blob, received.received);
      const final = this.#path(blob.digest);
      keepFolder(dirname(final));
      renameSync(partial.path, final);
      partial.keep();
      this.#verified.add(blob.digest);
      return final;
    } catch (error) {
      throw systemCode(error) === undefined || error instanceof DockerceptionError
        ? error
        : writing(partial.path, error);
    } finally {
      partial.remove();
      await file.close();
    }
  }

  #create(): [TemporaryPath, TemporaryFile] {
    try {
      const { place, descriptor } = TemporaryPath.file(this.folder, 0o644);
      const failure = (cause: unknown): unknown => writing(place.path, cause);
      return [place, new TemporaryFile(this.folder, descriptor, failure)];
    } catch (error) {
      throw writing(this.folder, error);
    }
  }

  #path(digest: string): string {
    // Other texts could lead to another folder.
    if (!isDigest(digest)) throw new TypeError(`not a digest: ${String(digest)}`);
    return join(this.folder, ...digest.split(':'));
  }
}

/** False also for an unreadable file. */
async function hasDigest(path: string, digest: string): Promise<boolean> {
  const stream = createReadStream(path, { highWaterMark: 1 << 18 });
  return (await digestOfStream(stream, digest).catch(() => undefined)) === digest;
}

/** Identifies a blob. */
type Named = Pick<Descriptor, 'digest' | 'size'>;

/** A blob that is being hashed and written to a file, which the caller closes. */
export class PartialBlob {
  #hash: Hash;
  /** Bytes so far. */
  received = 0;

  constructor(
    private readonly file: TemporaryFile,
    private readonly blob: Named,
  ) {
    this.#hash = hashFor(blob.digest);
  }

  /** Appends a chunk, which the caller may reuse afterwards. */
  async write(chunk: Buffer): Promise<void> {
    // Another thread writes it while this one hashes it.
    const writing = this.file.write(chunk, this.received);
    this.#hash.update(chunk);
    await writing;
    this.received += chunk.length;
  }

  /** Discards all bytes. */
  async restart(): Promise<void> {
    this.#hash = hashFor(this.blob.digest);
    this.received = 0;
    await this.file.truncate(0);
  }

  /** Whether the blob is complete and valid. */
  isWhole(): boolean {
    const { digest, size } = this.blob;
    return this.received === size && digest.endsWith(`:${this.#hash.copy().digest('hex')}`);
  }
}

/** The error for a blob with another size or digest. */
export function wrongBytes(
  { digest, size }: Named,
  received: number,
  doing = 'reading from a registry',
): DockerceptionError {
  const why =
    received === size
      ? 'its bytes have another digest'
      : `it has ${received} bytes instead of ${size}`;
  return new DockerceptionError('engine', 'BLOB_DIGEST', `${doing}: blob ${digest}: ${why}`);
}

/** The error for a file of the cache. */
function writing(path: string, error: unknown): DockerceptionError {
  const { message } = outputFailure(path, error) as Error;
  return new DockerceptionError('output', 'CACHE_WRITE', message, {
    cause: error,
    hint: '`cacheDir` names another folder; a read-only container gets one with --tmpfs /tmp',
  });
}
