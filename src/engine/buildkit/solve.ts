/**
 * A build by BuildKit's own API, `moby.buildkit.v1.Control/Solve` over `POST /grpc`: `POST /build` has no
 * words for `--build-context`. The context is a stream of the session; what BuildKit's Dockerfile frontend is told is what
 * buildx tells it (moby/buildkit, frontend/dockerui; api/services/control/control.proto).
 */
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DockerceptionError } from '../../errors.js';
import type { CredentialStore } from '../../image/credentials/credentials.js';
import type { BuildRequest } from '../docker/build.js';
import type { Connection } from '../docker/connection.js';
import { vanished } from '../docker/failures.js';
import { extraHost } from '../docker/query.js';
import type { BuildContext, EngineRequest } from '../engine.js';
import { GrpcClient, GrpcError } from './grpc-client.js';
import { unpackedTar } from './llb.js';
import { TraceDecoder, withoutReferences, writtenMeanwhile } from './progress.js';
import { readFields, writeBytes } from './protobuf.js';
import { openSession, type Session, uploadUrl } from './session.js';

/** The step in which BuildKit writes the image. */
const EXPORT = /^exporting to /;
/** Milliseconds in which a build that failed here may finish that step. */
const EXPORT_TIMEOUT = 5_000;

/**
 * Builds; resolves with the image's ID.
 *
 * @param directories tars of the directories among the build contexts, by their names; owned from then on.
 * @throws as `build` does.
 */
export async function solve(
  connection: Connection,
  context: BuildContext,
  options: EngineRequest,
  credentials: CredentialStore,
  { hintFor, built }: Pick<BuildRequest, 'hintFor' | 'built'>,
  directories: ReadonlyMap<string, () => Promise<Readable>> = new Map(),
): Promise<string> {
  const { signal, report } = options;
  const uploads = new Uploads();
  const failure = new FirstFailure(signal);
  let session: Session | undefined;
  let client: GrpcClient | undefined;
  let solving: Promise<void> | undefined;
  let isExporting = false;
  try {
    const named = new Map<string, string>();
    const url = uploads.add(failure.watch(context.stream));
    for (const [name, open] of directories) {
      const directory = await open().catch((error: unknown) => {
        throw failure.add(error);
      });
      named.set(name, uploads.add(failure.watch(directory)));
    }
    session = await openSession(connection, credentials, signal, uploads.streams);
    client = new GrpcClient(
      await connection.upgrade({ method: 'POST', path: '/grpc' }, 'h2c', signal),
    );
    const ref = randomBytes(16).toString('hex');
    const trace = new TraceDecoder();
    let imageId: string | undefined;
    solving = client.call(
      '/moby.buildkit.v1.Control/Solve',
      solveRequest(ref, session.id, url, named, options),
      (message) => {
        imageId = imageIdOf(message);
        if (imageId !== undefined) built(imageId);
      },
    );
    const showing = client.call(
      '/moby.buildkit.v1.Control/Status',
      writeBytes(1, ref),
      (message) => {
        const status = trace.decode(message);
        isExporting ||= status.vertexes?.some(({ name }) => EXPORT.test(name)) === true;
        report({ kind: 'status', status });
      },
    );
    // Progress is for display: the outcome is Solve's.
    const shown = showing.catch(() => undefined);
    await Promise.race([solving, failure.promise]);
    await Promise.race([shown, failure.promise]);
    // The engine has read it to its end, or needed nothing more; it must still turn out to be good.
    await Promise.race([ended(context.stream), failure.promise]);
    if (imageId === undefined) throw withoutImage();
    return imageId;
  } catch (error) {
    // An image that is being written by now has to be known, so that it can be removed.
    if (isExporting && solving !== undefined) await settledWithin(solving, EXPORT_TIMEOUT);
    if (error instanceof GrpcError) {
      const written = writtenMeanwhile(withoutReferences(error.message));
      if (written !== undefined) {
        built(written);
        return written;
      }
      const hint = await hintFor(error.message);
      throw new DockerceptionError(
        'build',
        'BUILD_FAILED',
        `building the image: ${withoutReferences(error.message)}`,
        { hint },
      );
    }
    if (failure.is(error) || error instanceof DockerceptionError) throw error;
    throw vanished(connection.endpoint, 'building the image', error);
  } finally {
    failure.add(new Error('the build is over'));
    client?.close();
    session?.close();
    for (const stream of uploads.streams.values()) if (stream !== context.stream) stream.destroy();
  }
}

/** The streams of one session. Each has a name of its own: BuildKit's cache goes by the URL. */
class Uploads {
  readonly streams = new Map<string, Readable>();

  /** @returns the URL that the engine reads the stream under. */
  add(stream: Readable): string {
    const name = randomBytes(16).toString('hex');
    this.streams.set(name, stream);
    return uploadUrl(name);
  }
}

/** SolveRequest, with the fields that every version since 2018 reads. */
function solveRequest(
  ref: string,
  session: string,
  context: string,
  directories: ReadonlyMap<string, string>,
  options: EngineRequest,
): Buffer {
  return Buffer.concat([
    writeBytes(1, ref),
    writeBytes(3, 'moby'),
    writeBytes(5, session),
    writeBytes(6, 'dockerfile.v0'),
    ...writeMap(7, frontendOptions(context, directories, options)),
    ...(options.network === 'host' ? [writeBytes(9, 'network.host')] : []),
    ...[...directories].map(([name, url]) => input(name, unpackedTar(url, name))),
    // The frontend takes the Dockerfile from one, and what instructions see from the other.
    ...(options.concealed.length === 0
      ? []
      : [
          input('dockerfile', unpackedTar(context, 'internal')),
          input('context', unpackedTar(context, 'internal', options.concealed)),
        ]),
  ]);
}

/** An entry of `map<string, pb.Definition> FrontendInputs`. */
function input(name: string, definition: Buffer): Buffer {
  return writeBytes(10, Buffer.concat([writeBytes(1, name), writeBytes(2, definition)]));
}

function frontendOptions(
  context: string,
  directories: ReadonlyMap<string, string>,
  options: EngineRequest,
): Record<string, string> {
  const { buildArgs, labels, buildContexts, target, platforms, network, addHosts } = options;
  const prefixed = (prefix: string, map: Readonly<Record<string, string>>): [string, string][] =>
    Object.entries(map).map(([key, value]) => [`${prefix}${key}`, value]);
  return {
    ...(options.concealed.length === 0 && { context }),
    filename: options.file,
    ...Object.fromEntries([
      ...prefixed('build-arg:', buildArgs),
      ...prefixed('label:', labels),
      ...prefixed('context:', buildContexts),
      // Later ones win: a directory is an input of this request.
      ...[...directories.keys()].map((name): [string, string] => [
        `context:${name}`,
        `input:${name}`,
      ]),
    ]),
    ...(target === undefined ? {} : { target }),
    ...(platforms.length === 0 ? {} : { platform: platforms.join(',') }),
    ...(options.noCache ? { 'no-cache': '' } : {}),
    ...(options.pull ? { 'image-resolve-mode': 'pull' } : {}),
    ...(network === undefined || network === 'default' ? {} : { 'force-network-mode': network }),
    ...(addHosts.length === 0
      ? {}
      : { 'add-hosts': addHosts.map((host) => extraHost(host).replace(':', '=')).join(',') }),
  };
}

function writeMap(number: number, map: Readonly<Record<string, string>>): Buffer[] {
  return Object.entries(map).map(([key, value]) =>
    writeBytes(number, Buffer.concat([writeBytes(1, key), writeBytes(2, value)])),
  );
}

/** SolveResponse { map<string, string> ExporterResponse = 1 }, as the engine's own API reads it. */
function imageIdOf(answer: Buffer): string | undefined {
  for (const { number, bytes } of readFields(answer)) {
    const [key, value] = [...readFields(bytes)].map((field) => field.bytes.toString('utf8'));
    if (number === 1 && key === 'containerimage.digest' && value) return value;
  }
  return undefined;
}

function withoutImage(): DockerceptionError {
  return new DockerceptionError(
    'build',
    'BUILD_NO_IMAGE',
    'building the image: the engine reported no failure, but gave no image ID',
    { hint: 'see the engine’s own log' },
  );
}

/** Waits until it has settled, however it does, or the milliseconds have passed. */
async function settledWithin(promise: Promise<unknown>, milliseconds: number): Promise<void> {
  const enough = new AbortController();
  const timeout = sleep(milliseconds, undefined, { signal: enough.signal });
  await Promise.race([promise, timeout]).catch(() => undefined);
  enough.abort();
  await timeout.catch(() => undefined);
}

/** The first failure of the signal or of a stream: it counts, whatever the engine makes of it. */
class FirstFailure {
  readonly #failed = new AbortController();
  /** Never resolves. */
  readonly promise: Promise<never>;

  constructor(signal: AbortSignal) {
    const { signal: failed } = this.#failed;
    this.promise = new Promise((_resolve, reject) => {
      failed.addEventListener('abort', () => reject(failed.reason as Error), { once: true });
    });
    this.promise.catch(() => undefined);
    const onAbort = (): unknown => this.add(signal.reason);
    if (signal.aborted) onAbort();
    // The listener goes when the build is over.
    else signal.addEventListener('abort', onAbort, { once: true, signal: failed });
  }

  /** @returns the first failure. */
  add(error: unknown): unknown {
    this.#failed.abort(error);
    return this.#failed.signal.reason;
  }

  /** @returns the stream. */
  watch(stream: Readable): Readable {
    const onClose = (): void => {
      if (!stream.readableEnded) this.add(new Error('the context’s stream was closed early'));
    };
    if (stream.errored) this.add(stream.errored);
    else if (stream.destroyed) onClose();
    return stream.on('error', (error) => void this.add(error)).on('close', onClose);
  }

  is(error: unknown): boolean {
    return this.#failed.signal.aborted && this.#failed.signal.reason === error;
  }
}

/** Resolves when all of a stream was read. */
function ended(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (stream.readableEnded) resolve();
    else stream.once('end', () => resolve());
  });
}
