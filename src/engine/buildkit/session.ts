/**
 * A BuildKit session: a connection on which BuildKit calls services of its client (moby/buildkit, session/). Only the
 * services that a build needs are served. Without a session, BuildKit cannot pull from a registry that requires a token, such as
 * Docker Hub.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import { basename } from 'node:path/posix';
import { type Duplex, PassThrough, pipeline, type Readable } from 'node:stream';
import type { CredentialStore } from '../../image/credentials/credentials.js';
import { onContextEnd } from '../request.js';
import {
  type GrpcClient,
  GrpcError,
  NOT_FOUND,
  serveGrpc,
  type StreamMethod,
  type UnaryMethod,
} from './grpc.js';
import {
  CheckAgentRequest,
  CredentialsRequest,
  CredentialsResponse,
  GetSecretRequest,
  GetSecretResponse,
  HealthCheckResponse,
} from './messages.js';

/** Connects to BuildKit, for example through an engine. */
export interface BuildkitConnection {
  /** The client of BuildKit's API. The caller closes it. */
  openControl(signal: AbortSignal): Promise<GrpcClient>;
  /** A connection on which BuildKit is the client. The headers describe the session. */
  openSession(
    headers: SessionHeaders,
    signal: AbortSignal,
    control: GrpcClient | undefined,
  ): Promise<Duplex>;
  /** The error of a connection that broke. */
  lost(error: unknown): Error;
}

type SessionHeaders = Readonly<Record<string, string | string[]>>;

/** What BuildKit may read from, and write to, its client. */
export interface SessionServices {
  readonly credentials: CredentialStore;
  /** Streams that BuildKit may read once each, as `uploadUrl` of their names. */
  readonly uploads?: ReadonlyMap<string, Readable>;
  /** The content of a secret; undefined for an unknown ID. */
  readonly secret?: (id: string) => Promise<Buffer | undefined>;
  /** Connects to an SSH agent; undefined for an unknown ID. */
  readonly agent?: (id: string) => Duplex | undefined;
  /** Stores what an exporter writes, by the index of the exporter. BuildKit waits until it settles. */
  readonly store?: (content: Readable, exporter: number) => Promise<void>;
}

/** An open session: the ID that builds refer to, and a function that ends it, which may be called twice. */
export interface Session {
  readonly id: string;
  readonly close: () => void;
}

const SERVING = 1;
const DEFAULT_AGENT = 'default';

/** The URL of a stream of the session in a definition (moby/buildkit, session/upload). */
export function uploadUrl(name: string): string {
  return `http://buildkit-session/${name}`;
}

/**
 * Opens a session.
 *
 * @param control the client of the build; the session of an engine has a connection of its own.
 * @throws DockerceptionError of kind engine if the engine has no sessions or cannot be reached.
 */
export async function openSession(
  buildkit: BuildkitConnection,
  { credentials, uploads, secret, agent, store }: SessionServices,
  signal: AbortSignal,
  control?: GrpcClient,
): Promise<Session> {
  const id = randomBytes(16).toString('hex');
  const unary = new Map<string, UnaryMethod>([
    ['/moby.filesync.v1.Auth/Credentials', (request) => answerCredentials(request, credentials)],
    ['/grpc.health.v1.Health/Check', () => HealthCheckResponse.encode({ status: SERVING })],
  ]);
  const streams = new Map<string, StreamMethod>();
  if (secret !== undefined)
    unary.set('/moby.buildkit.secrets.v1.Secrets/GetSecret', async (request) => {
      const data = await secret(GetSecretRequest.parse(request).id);
      if (data === undefined) throw new GrpcError(NOT_FOUND, 'not found');
      return GetSecretResponse.encode({ data });
    });
  if (agent !== undefined) {
    unary.set('/moby.sshforward.v1.SSH/CheckAgent', (request) => {
      const socket = agent(CheckAgentRequest.parse(request).id || DEFAULT_AGENT);
      socket?.on('error', () => undefined).destroy();
      if (socket === undefined) throw new GrpcError(NOT_FOUND, 'no such SSH agent');
      return Buffer.alloc(0);
    });
    streams.set('/moby.sshforward.v1.SSH/ForwardAgent', (headers, call) => {
      const socket = agent(String(headers['buildkit.ssh.id'] ?? DEFAULT_AGENT));
      if (socket === undefined) throw new GrpcError(NOT_FOUND, 'no such SSH agent');
      pipeline(call, socket, call, () => undefined);
    });
  }
  if (uploads !== undefined && uploads.size > 0)
    streams.set('/moby.upload.v1.Upload/Pull', ({ urlpath }, call) => {
      const body = uploads.get(basename(typeof urlpath === 'string' ? urlpath : ''));
      if (body === undefined) throw new GrpcError(NOT_FOUND, 'no such stream');
      // The owner of the stream handles its errors.
      onContextEnd(body, (error) => {
        if (error !== undefined) call.destroy();
      });
      body.pipe(call.resume());
    });
  if (store !== undefined)
    streams.set('/moby.filesync.v1.FileSend/DiffCopy', (headers, call) => {
      // Its reader may destroy it at its end; the call must still be answered.
      const content = new PassThrough();
      pipeline(call, content, () => undefined);
      store(content, exporterOf(headers)).then(
        () => call.end(),
        (error: unknown) => call.destroy(error as Error),
      );
    });
  const headers: SessionHeaders = {
    'x-docker-expose-session-uuid': id,
    'x-docker-expose-session-name': 'dockerception',
    'x-docker-expose-session-sharedkey': '',
    'x-docker-expose-session-grpc-method': [...unary.keys(), ...streams.keys()],
  };
  const socket = await buildkit.openSession(headers, signal, control);
  return { id, close: serveGrpc(socket, { unary, streams }) };
}

/** The index of an exporter, which BuildKit sends if it has several. */
function exporterOf(headers: IncomingHttpHeaders): number {
  return Number(headers['buildkit-attachable-exporter-id'] ?? 0);
}

/** Without credentials the answer is empty: anonymous. */
async function answerCredentials(request: Buffer, credentials: CredentialStore): Promise<Buffer> {
  const { host } = CredentialsRequest.parse(request);
  const credential = host === '' ? undefined : await credentials.get(host);
  if (credential === undefined) return Buffer.alloc(0);
  const { username, password, identityToken } = credential;
  return CredentialsResponse.encode(
    identityToken === '' ? { username, secret: password } : { secret: identityToken },
  );
}
