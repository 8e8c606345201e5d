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
import type { Credential, CredentialStore } from '../../image/credentials/credentials.js';
import { annotationAttributes } from '../../options/buildkit-values.js';
import { parseBoolean } from '../../options/values.js';
import type { BuildContext, EngineRequest } from '../engine.js';
import { hostWith, onContextEnd } from '../request.js';
import { callFrontend, type Frontend, frontendOf } from './frontend.js';
import { type GrpcClient, GrpcError, UNKNOWN } from './grpc.js';
import {
  CONTROL,
  ListWorkersResponse,
  SolveRequest,
  SolveResponse,
  StatusRequest,
} from './messages.js';
import { existingImage, TraceDecoder, withoutReferences } from './progress.js';
import { secretServices } from './secrets.js';
import { type BuildkitConnection, openSession, type Session, uploadUrl } from './session.js';

/** The step of an engine in which it writes the image. */
const EXPORT = /^exporting to /;
/** The end of a push, in which the image gets its name. */
const PUBLICATION = /^pushing manifest for /;
/** Milliseconds that these may take after the build was aborted. */
const EXPORT_TIMEOUT = 5_000;
/** Milliseconds for the rest of the progress of a build that has failed. */
const STATUS_TIMEOUT = 1_000;
/** Milliseconds without an answer after the end of the progress. */
const SILENCE = 5_000;

/** The exporter of a Docker Engine's BuildKit into the engine's own store. */
export const MOBY = 'moby';

/** Where BuildKit writes an image. */
export interface Exporter {
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
  /** Stores what the exporter writes to its client, if it does so. */
  readonly store?: (content: Readable) => Promise<void>;
}

export interface SolveOptions {
  readonly buildkit: BuildkitConnection;
  readonly request: EngineRequest;
  readonly env: NodeJS.ProcessEnv;
  readonly credentials: CredentialStore;
  /** Tars of the directories among the build contexts, by their names. The build closes them. */
  readonly directories: ReadonlyMap<string, () => Promise<Readable>>;
  readonly exporters: readonly Exporter[];
  /** Called with the ID of an image that was written, even if the build fails after that. */
  readonly built: (imageId: string) => void;
}

/** The answer of the exporters, by the keys of buildx (`containerimage.digest`, …). */
export type ExporterResponse = Readonly<Record<string, string>>;

const DIGEST = 'containerimage.digest';

/**
 * Builds an image. Resolves to the answer of its exporters.
 *
 * @throws the error of a stream, or of an exporter's `store`; the reason of the signal; GrpcError if the build failed; the
 *   errors of the connection
 */
export async function solve(
  context: BuildContext,
  { buildkit, request, env, credentials, directories, exporters, built }: SolveOptions,
): Promise<ExporterResponse> {
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
  let isWriting = false;
  /** BuildKit does without a credential where it can. */
  let withoutCredential: DockerceptionError | undefined;
  let response: ExporterResponse | undefined;
  const storing: Promise<void>[] = [];
  try {
    signal.throwIfAborted();
    const secrets = await secretServices(request, env);
    const url = upload(context.stream);
    const inputs = new Map<string, string>();
    for (const [name, open] of directories) {
      const directory = await open().catch((error: unknown) => over.abort(error));
      if (directory) inputs.set(name, upload(directory));
      failing.throwIfAborted();
    }
    client = await buildkit.openControl(signal);
    const store = async (content: Readable, index: number): Promise<void> => {
      const exporter = exporters[index]?.store;
      if (exporter === undefined) throw new Error(`exporter ${index} has no output`);
      const stored = exporter(content);
      storing.push(stored);
      await stored.catch((error: unknown) => {
        // If the content itself breaks off, Solve reports why.
        if (content.errored === null) over.abort(error);
        throw error;
      });
    };
    const get = (host: string): Promise<Credential | undefined> =>
      credentials.get(host).catch((error: unknown) => {
        if (error instanceof DockerceptionError) withoutCredential = error;
        throw error;
      });
    const services = {
      credentials: { ...credentials, get },
      uploads,
      ...secrets,
      ...(exporters.some((exporter) => exporter.store) && { store }),
    };
    session = await openSession(buildkit, services, signal, client);
    const ref = randomBytes(16).toString('hex');
    const trace = new TraceDecoder();
    const addHosts = await hostAddresses(client, request.addHosts);
    const frontend = frontendOf(url, inputs, { ...request, addHosts });
    const { call } = request;
    solving = client.call(
      `${CONTROL}/Solve`,
      solveRequest(ref, session.id, call ? undefined : frontend, request, exporters),
      (message) => {
        response = SolveResponse.parse(message).exporterResponse;
        const imageId = response[DIGEST];
        if (imageId !== undefined) built(imageId);
      },
    );
    let stepError = 'its error is too long: it quotes the Dockerfile';
    const onStatus = (message: Buffer): void => {
      if (over.signal.aborted) return;
      const status = trace.decode(message);
      stepError = status.vertexes?.find(({ error }) => error)?.error ?? stepError;
      isWriting ||=
        exporters[0]?.type === MOBY
          ? status.vertexes?.some(({ name }) => EXPORT.test(name)) === true
          : status.statuses?.some(({ id }) => PUBLICATION.test(id)) === true;
      report({ kind: 'status', status });
    };
    const path = `${CONTROL}/Status`;
    // Only Solve decides about the outcome.
    const shown = client.call(path, StatusRequest.encode({ ref }), onStatus).catch(() => undefined);
    const calling = call && callFrontend(client, ref, call, frontend);
    const lost = shown
      .then(() => client?.silence(SILENCE))
      .then(() => {
        throw new GrpcError(UNKNOWN, stepError);
      });
    const answer = Promise.all([solving, calling]);
    // A step that fails has printed why.
    const ended = answer.catch(async (error: unknown) => {
      if (error instanceof GrpcError) {
        const timeout = sleep(STATUS_TIMEOUT, undefined, { signal: over.signal });
        await Promise.race([shown, timeout]).catch(() => undefined);
      }
      throw error;
    });
    const [, metadata] = await Promise.race([ended, lost, failed]);
    await Promise.race([shown, failed]);
    await Promise.all(storing);
    // BuildKit has read all it needs, but the rest of the context must not fail either.
    if (!context.stream.readableEnded) await Promise.race([once(context.stream, 'end'), failed]);
    return { ...response, ...metadata };
  } catch (error) {
    if (isWriting) {
      const written = new AbortController();
      const timeout = sleep(EXPORT_TIMEOUT, undefined, { signal: written.signal });
      await Promise.allSettled([Promise.race([solving, timeout])]);
      written.abort();
      // An engine's image can be removed again, one that was pushed cannot.
      if (signal.aborted && exporters[0]?.type !== MOBY && response !== undefined) return response;
    }
    const isFailure = failing.aborted && error === failing.reason;
    if (isFailure || error instanceof DockerceptionError) throw error;
    if (!(error instanceof GrpcError)) throw buildkit.lost(error);
    const message = withoutReferences(error.message);
    if (withoutCredential && message.includes(withoutCredential.message)) throw withoutCredential;
    const existing = existingImage(message);
    if (existing === undefined) throw new GrpcError(error.status, message);
    built(existing);
    return { [DIGEST]: existing };
  } finally {
    over.abort();
    client?.close();
    session?.close();
    await Promise.allSettled(storing);
    for (const stream of uploads.values()) if (stream !== context.stream) stream.destroy();
  }
}

/** The label of a Docker Engine's BuildKit with the address of the engine's host, as containers reach it. */
const HOST_GATEWAY = 'org.mobyproject.buildkit.worker.moby.host-gateway-ip';

/** Hosts as `HOST=IP`. The IP `host-gateway` becomes the address of the engine's host. */
async function hostAddresses(
  client: GrpcClient,
  addHosts: readonly string[],
): Promise<readonly string[]> {
  const hosts = addHosts.map((host) => hostWith('=', host));
  const asked = hosts.find((host) => host.endsWith('=host-gateway'));
  if (asked === undefined) return hosts;
  let address: string | undefined;
  await client.call(`${CONTROL}/ListWorkers`, Buffer.alloc(0), (message) => {
    const { record } = ListWorkersResponse.parse(message);
    address = record.map(({ labels }) => labels[HOST_GATEWAY]).find(Boolean);
  });
  if (address !== undefined)
    return hosts.map((host) => host.replace(/=host-gateway$/, `=${address}`));
  const message = `building with \`addHosts: ${asked}\`: this BuildKit doesn't report the address of its host`;
  const hint = 'Docker 23 and later report it; else give the address itself';
  throw new DockerceptionError('usage', 'HOST_GATEWAY', message, { hint });
}

function solveRequest(
  ref: string,
  session: string,
  frontend: Frontend | undefined,
  request: EngineRequest,
  exporters: readonly Exporter[],
): Buffer {
  const { network, allow, annotations, cacheFrom, cacheTo } = request;
  const exports = exporters.map(({ type, attrs }) => ({
    type,
    attrs: { ...attrs, ...annotationAttributes(annotations) },
  }));
  const [first] = exports;
  const isInline = parseBoolean(request.buildArgs['BUILDKIT_INLINE_CACHE']) === true;
  return SolveRequest.encode({
    ...frontend,
    ref,
    exporter: first?.type,
    exporterAttrs: first?.attrs,
    session,
    cache: {
      exports: isInline ? [...cacheTo, { type: 'inline', attrs: {} }] : cacheTo,
      imports: cacheFrom,
    },
    entitlements: [...(network === 'host' ? ['network.host'] : []), ...allow],
    exporters: exports.length > 1 ? exports : [],
  });
}
