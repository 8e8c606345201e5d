/**
 * A build with BuildKit's own API, `moby.buildkit.v1.Control/Solve` (moby/buildkit, api/services/control/control.proto).
 * The context is a stream of the session. The Dockerfile frontend gets the options that buildx gives it
 * (frontend/dockerui).
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DockerceptionError } from '../../errors.js';
import type { CredentialStore } from '../../image/credentials/credentials.js';
import type { BuildContext, EngineRequest } from '../engine.js';
import { hostWith, onContextEnd } from '../request.js';
import { GrpcClient, GrpcError } from './grpc.js';
import { unpackedTar } from './llb.js';
import { existingImage, TraceDecoder, withoutReferences } from './progress.js';
import { Message, writeBytes, writeEntry } from './protobuf.js';
import { type BuildkitConnection, openSession, type Session, uploadUrl } from './session.js';

/** The step in which BuildKit writes the image. */
const EXPORT = /^exporting to /;
/** Milliseconds that this step may take after the build has failed on this side. */
const EXPORT_TIMEOUT = 5_000;

export interface SolveOptions {
  readonly buildkit: BuildkitConnection;
  readonly request: EngineRequest;
  readonly credentials: CredentialStore;
  /** Tars of the directories among the build contexts, by their names. The build closes them. */
  readonly directories: ReadonlyMap<string, () => Promise<Readable>>;
  /** Called with the ID of an image that was written, even if the build fails after that. */
  readonly built: (imageId: string) => void;
}

/**
 * Builds an image. Resolves to its ID, or undefined if BuildKit reports none.
 *
 * @throws the error of a stream; the reason of the signal; GrpcError if the build failed; the errors of the connection
 */
export async function solve(
  context: BuildContext,
  { buildkit, request, credentials, directories, built }: SolveOptions,
): Promise<string | undefined> {
  const { signal, report } = request;
  const uploads = new Map<string, Readable>();
  const over = new AbortController();
  // The first failure of the signal or of a stream takes precedence over errors of BuildKit.
  const failing = AbortSignal.any([signal, over.signal]);
  const failed = once(failing, 'abort').then(() => {
    throw failing.reason as Error;
  });
  failed.catch(() => undefined);
  /** BuildKit caches by URL, so every stream has its own. */
  const upload = (stream: Readable): string => {
    const name = randomBytes(16).toString('hex');
    uploads.set(name, stream);
    onContextEnd(stream, (error) => {
      if (error !== undefined) over.abort(error);
    });
    return uploadUrl(name);
  };
  let session: Session | undefined;
  let client: GrpcClient | undefined;
  let solving: Promise<void> | undefined;
  let isExporting = false;
  try {
    signal.throwIfAborted();
    const url = upload(context.stream);
    const inputs = new Map<string, string>();
    for (const [name, open] of directories) {
      const directory = await open().catch((error: unknown) => over.abort(error));
      if (directory) inputs.set(name, upload(directory));
      failing.throwIfAborted();
    }
    session = await openSession(buildkit, credentials, signal, uploads);
    client = new GrpcClient(await buildkit.open('/grpc', signal));
    const ref = randomBytes(16).toString('hex');
    const trace = new TraceDecoder();
    let imageId: string | undefined;
    solving = client.call(
      '/moby.buildkit.v1.Control/Solve',
      solveRequest(ref, session.id, url, inputs, request),
      (message) => {
        imageId = imageIdOf(message);
        if (imageId !== undefined) built(imageId);
      },
    );
    const onStatus = (message: Buffer): void => {
      const status = trace.decode(message);
      isExporting ||= status.vertexes?.some(({ name }) => EXPORT.test(name)) === true;
      report({ kind: 'status', status });
    };
    const path = '/moby.buildkit.v1.Control/Status';
    // Only Solve decides about the outcome.
    const shown = client.call(path, writeBytes(1, ref), onStatus).catch(() => undefined);
    await Promise.race([solving, failed]);
    await Promise.race([shown, failed]);
    // BuildKit has read all it needs, but the rest of the context must not fail either.
    if (!context.stream.readableEnded) await Promise.race([once(context.stream, 'end'), failed]);
    return imageId;
  } catch (error) {
    // The caller must know an image that is being written, to remove it.
    if (isExporting) {
      const timeout = sleep(EXPORT_TIMEOUT, undefined, { ref: false });
      await Promise.race([solving?.catch(() => undefined), timeout]);
    }
    const isFailure = failing.aborted && error === failing.reason;
    if (isFailure || error instanceof DockerceptionError) throw error;
    if (!(error instanceof GrpcError)) throw buildkit.lost(error);
    const message = withoutReferences(error.message);
    const existing = existingImage(message);
    if (existing === undefined) throw new GrpcError(error.status, message);
    built(existing);
    return existing;
  } finally {
    over.abort();
    client?.close();
    session?.close();
    for (const stream of uploads.values()) if (stream !== context.stream) stream.destroy();
  }
}

/** SolveRequest, with fields that BuildKit has read since 2018. */
function solveRequest(
  ref: string,
  session: string,
  context: string,
  directories: ReadonlyMap<string, string>,
  request: EngineRequest,
): Buffer {
  const { network, concealed } = request;
  const options = Object.entries(frontendOptions(context, [...directories.keys()], request));
  const inputs = new Map([...directories].map(([name, url]) => [name, unpackedTar(url, name)]));
  if (concealed.length > 0) {
    // The frontend reads the Dockerfile from one input, and instructions read from the other.
    inputs.set('dockerfile', unpackedTar(context, 'internal'));
    inputs.set('context', unpackedTar(context, 'internal', concealed));
  }
  return Buffer.concat([
    writeBytes(1, ref),
    writeBytes(3, 'moby'),
    writeBytes(5, session),
    writeBytes(6, 'dockerfile.v0'),
    ...options.map(([key, value]) => writeEntry(7, key, value)),
    ...(network === 'host' ? [writeBytes(9, 'network.host')] : []),
    ...[...inputs].map(([name, definition]) => writeEntry(10, name, definition)),
  ]);
}

function frontendOptions(
  context: string,
  directories: readonly string[],
  options: EngineRequest,
): Record<string, string> {
  const { target, platforms, network, noCache, pull } = options;
  const hosts = options.addHosts.map((host) => hostWith('=', host));
  const prefixed = (prefix: string, map: Readonly<Record<string, string>>): [string, string][] =>
    Object.entries(map).map(([key, value]) => [`${prefix}:${key}`, value]);
  const inputs = Object.fromEntries(directories.map((name) => [name, `input:${name}`]));
  return {
    ...(options.concealed.length === 0 && { context }),
    filename: options.file,
    ...Object.fromEntries([
      ...prefixed('build-arg', options.buildArgs),
      ...prefixed('label', options.labels),
      // An input replaces the path of its directory.
      ...prefixed('context', { ...options.buildContexts, ...inputs }),
    ]),
    ...(target !== undefined && { target }),
    ...(platforms.length > 0 && { platform: platforms.join(',') }),
    ...(noCache && { 'no-cache': '' }),
    ...(pull && { 'image-resolve-mode': 'pull' }),
    ...(network !== undefined && network !== 'default' && { 'force-network-mode': network }),
    ...(hosts.length > 0 && { 'add-hosts': hosts.join(',') }),
  };
}

/** SolveResponse { map<string, string> ExporterResponse = 1 } */
function imageIdOf(answer: Buffer): string | undefined {
  const entries = new Message(answer).messages(1);
  const found = entries.find((entry) => entry.text(1) === 'containerimage.digest');
  return found?.text(2) || undefined;
}
