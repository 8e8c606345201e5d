/**
 * A BuildKit session: a connection on which BuildKit calls services of its client (moby/buildkit, session/). BuildKit
 * asks for the credentials of one registry at a time, and reads the streams that are offered; nothing else is served.
 * Without a session it cannot pull from a registry that requires a token, such as Docker Hub.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import { basename } from 'node:path/posix';
import { type Duplex, type Readable, Transform } from 'node:stream';
import type { CredentialStore } from '../../image/credentials/credentials.js';
import { onContextEnd } from '../request.js';
import { serveGrpc, type StreamMethod, type UnaryMethod } from './grpc.js';
import { Message, writeBytes, writeNumber } from './protobuf.js';

/** A way to BuildKit, for example through an engine. */
export interface BuildkitConnection {
  /** Opens its gRPC API, or a connection on which it is the client. The caller destroys the stream. */
  open(path: '/grpc' | '/session', signal: AbortSignal, headers?: SessionHeaders): Promise<Duplex>;
  /** The error of a connection that broke. */
  lost(error: unknown): Error;
}

type SessionHeaders = Readonly<Record<string, string | string[]>>;

/** An open session: the ID that builds refer to, and a function that ends it, which may be called twice. */
export interface Session {
  readonly id: string;
  readonly close: () => void;
}

const SERVING = 1;
const PULL = '/moby.upload.v1.Upload/Pull';

/** The URL of a stream of the session in a definition (moby/buildkit, session/upload). */
export function uploadUrl(name: string): string {
  return `http://buildkit-session/${name}`;
}

/**
 * Opens a session.
 *
 * @param uploads streams that BuildKit may read once each, as `uploadUrl` of their names.
 * @throws DockerceptionError of kind engine if the engine has no sessions or cannot be reached.
 */
export async function openSession(
  buildkit: BuildkitConnection,
  credentials: CredentialStore,
  signal: AbortSignal,
  uploads: ReadonlyMap<string, Readable> = new Map(),
): Promise<Session> {
  const id = randomBytes(16).toString('hex');
  const unary = new Map<string, UnaryMethod>([
    ['/moby.filesync.v1.Auth/Credentials', (request) => answerCredentials(request, credentials)],
    ['/grpc.health.v1.Health/Check', () => writeNumber(1, SERVING)],
  ]);
  const streams = new Map<string, StreamMethod>(
    uploads.size === 0 ? [] : [[PULL, (headers) => uploadOf(headers, uploads)]],
  );
  const headers: SessionHeaders = {
    'X-Docker-Expose-Session-Uuid': id,
    'X-Docker-Expose-Session-Name': 'dockerception',
    'X-Docker-Expose-Session-Sharedkey': '',
    'X-Docker-Expose-Session-Grpc-Method': [...unary.keys(), ...streams.keys()],
  };
  const socket = await buildkit.open('/session', signal, headers);
  return { id, close: serveGrpc(socket, { unary, streams }) };
}

/** BytesMessage { data = 1 } for each chunk. The owner of the stream handles its errors. */
function uploadOf(
  { urlpath }: IncomingHttpHeaders,
  uploads: ReadonlyMap<string, Readable>,
): Readable | undefined {
  const body = uploads.get(basename(typeof urlpath === 'string' ? urlpath : ''));
  if (body === undefined) return undefined;
  const messages = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, writeBytes(1, chunk)),
  });
  onContextEnd(body, (error) => {
    if (error !== undefined) messages.destroy();
  });
  return body.pipe(messages);
}

/** CredentialsRequest { Host = 1 } to CredentialsResponse { Username = 1, Secret = 2 }; empty is anonymous. */
async function answerCredentials(request: Buffer, credentials: CredentialStore): Promise<Buffer> {
  const host = new Message(request).text(1);
  const credential = host === '' ? undefined : await credentials.get(host);
  if (credential === undefined) return Buffer.alloc(0);
  const { username, password, identityToken } = credential;
  return identityToken === ''
    ? Buffer.concat([writeBytes(1, username), writeBytes(2, password)])
    : writeBytes(2, identityToken);
}
