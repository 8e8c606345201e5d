/**
 * A build by BuildKit's own API, `moby.buildkit.v1.Control/Solve` over `POST /grpc`: `POST /build` has no
 * words for `--build-context`. The context is a stream of the session; what BuildKit's Dockerfile frontend is told is what
 * buildx tells it (moby/buildkit, frontend/dockerui; api/services/control/control.proto).
 */
import { randomBytes } from 'node:crypto';
import { DockerceptionError } from '../../errors.js';
import type { CredentialStore } from '../../image/credentials.js';
import type { BuildContext, BuildOptions } from '../engine.js';
import type { Connection } from './connection.js';
import { GrpcClient, GrpcError } from './grpc-client.js';
import { fullName } from './names.js';
import { extraHost } from './query.js';
import { openSession, uploadUrl } from './session.js';
import { TraceDecoder } from './trace.js';
import { vanished } from './unreachable.js';
import { readFields, writeBytes } from './wire.js';

/**
 * Builds; resolves with the image's ID.
 *
 * @throws as `build` does.
 */
export async function solve(
  connection: Connection,
  context: BuildContext,
  options: BuildOptions,
  credentials: CredentialStore,
  hintFor: (message: string) => Promise<string | undefined>,
): Promise<string> {
  const { signal, report } = options;
  const { stream } = context;
  // A name of its own: BuildKit would take what it has under the same URL from its cache.
  const upload = randomBytes(16).toString('hex');
  const session = await openSession(connection, credentials, signal, new Map([[upload, stream]]));
  let client: GrpcClient | undefined;
  const broken = watch(stream, signal);
  try {
    client = new GrpcClient(
      await connection.upgrade({ method: 'POST', path: '/grpc' }, 'h2c', signal),
    );
    const ref = randomBytes(16).toString('hex');
    const trace = new TraceDecoder();
    let answer: Buffer = Buffer.alloc(0);
    const solving = client.call(
      '/moby.buildkit.v1.Control/Solve',
      solveRequest(ref, session.id, uploadUrl(upload), options),
      (message) => (answer = message),
    );
    const showing = client.call('/moby.buildkit.v1.Control/Status', writeBytes(1, ref), (message) =>
      report({ kind: 'status', status: trace.decode(message) }),
    );
    // Progress is for display: the outcome is Solve's.
    const shown = showing.catch(() => undefined);
    await Promise.race([solving, broken.failed]);
    await Promise.race([shown, broken.failed]);
    await Promise.race([broken.ended, broken.failed]);
    return imageIdOf(answer);
  } catch (error) {
    if (error instanceof GrpcError) {
      const hint = await hintFor(error.message);
      throw new DockerceptionError(
        'build',
        'BUILD_FAILED',
        `building the image: ${error.message}`,
        hint === undefined ? {} : { hint },
      );
    }
    if (broken.is(error) || error instanceof DockerceptionError) throw error;
    throw vanished(connection.endpoint, 'building the image', error);
  } finally {
    broken.stop();
    client?.close();
    session.close();
  }
}

/** The context's failure and the signal's, which count before whatever the engine makes of them. */
function watch(
  stream: BuildContext['stream'],
  signal: AbortSignal,
): {
  readonly failed: Promise<never>;
  readonly ended: Promise<void>;
  is(error: unknown): boolean;
  stop(): void;
} {
  let first: { readonly error: unknown } | undefined;
  let reject: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_resolve, fail) => (reject = fail));
  failed.catch(() => undefined);
  const fail = (error: unknown): void => reject((first ??= { error }).error);
  const onAbort = (): void => fail(signal.reason);
  const onError = (error: unknown): void => fail(error);
  const onClose = (): void => {
    if (!stream.readableEnded) fail(new Error('the context’s stream was closed early'));
  };
  const ended = new Promise<void>((resolve) => {
    if (stream.readableEnded) resolve();
    else stream.once('end', () => resolve());
  });
  if (signal.aborted) onAbort();
  else if (stream.errored) onError(stream.errored);
  else if (stream.destroyed) onClose();
  signal.addEventListener('abort', onAbort, { once: true });
  stream.on('error', onError).on('close', onClose);
  return {
    failed,
    ended,
    is: (error) => first !== undefined && first.error === error,
    stop() {
      signal.removeEventListener('abort', onAbort);
      stream.off('close', onClose);
    },
  };
}

/** SolveRequest, with the fields that every version since 2018 reads. */
function solveRequest(
  ref: string,
  session: string,
  context: string,
  options: BuildOptions,
): Buffer {
  const exporter: Record<string, string> =
    options.tags.length === 0 ? {} : { name: options.tags.map(fullName).join(',') };
  return Buffer.concat([
    writeBytes(1, ref),
    writeBytes(3, 'moby'),
    ...writeMap(4, exporter),
    writeBytes(5, session),
    writeBytes(6, 'dockerfile.v0'),
    ...writeMap(7, frontendOptions(context, options)),
    ...(options.network === 'host' ? [writeBytes(9, 'network.host')] : []),
  ]);
}

function frontendOptions(context: string, options: BuildOptions): Record<string, string> {
  const { buildArgs, labels, buildContexts, target, platforms, network, addHosts } = options;
  const prefixed = (prefix: string, map: Readonly<Record<string, string>>): [string, string][] =>
    Object.entries(map).map(([key, value]) => [`${prefix}${key}`, value]);
  return {
    context,
    filename: options.file,
    ...Object.fromEntries([
      ...prefixed('build-arg:', buildArgs),
      ...prefixed('label:', labels),
      ...prefixed('context:', buildContexts),
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
function imageIdOf(answer: Buffer): string {
  for (const { number, bytes } of readFields(answer)) {
    const [key, value] = [...readFields(bytes)].map((field) => field.bytes.toString('utf8'));
    if (number === 1 && key === 'containerimage.digest' && value) return value;
  }
  throw new DockerceptionError(
    'build',
    'BUILD_NO_IMAGE',
    'building the image: the engine reported no failure, but gave no image ID',
    { hint: 'see the engine’s own log' },
  );
}
