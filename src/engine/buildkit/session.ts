/**
 * A BuildKit session: a connection that the engine calls us back on (`POST /session`, moby/buildkit,
 * session/). Without one BuildKit can't pull from a registry that wants a login or a token, public images
 * of Docker Hub among them. It asks for one host at a time, `moby.filesync.v1.Auth/Credentials`, and gets that
 * host's credential alone; nothing else is offered, no file, no secret.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http2';
import { basename } from 'node:path/posix';
import { type Readable, Transform } from 'node:stream';
import type { CredentialStore } from '../../image/credentials/credentials.js';
import type { Connection } from '../docker/connection.js';
import { serveGrpc, type StreamMethod, type UnaryMethod } from './grpc.js';
import { readFields, writeBytes, writeNumber } from './protobuf.js';

/** A session that is open. */
export interface Session {
  /** What `POST /build?session=` refers to it by. */
  readonly id: string;
  /** Ends it; may be called twice. */
  close(): void;
}

const SERVING = 1;
const PULL = '/moby.upload.v1.Upload/Pull';
/** What a definition calls a stream of this session. */
const UPLOAD_URL = 'http://buildkit-session/';

/** The URL that the engine reads a stream of the session under (moby/buildkit, session/upload). */
export function uploadUrl(name: string): string {
  return `${UPLOAD_URL}${name}`;
}

/**
 * Opens a session on an engine that has BuildKit.
 *
 * @param uploads streams that the engine may read, once each, as `uploadUrl` of their names.
 * @throws DockerceptionError of kind engine when the engine doesn't have sessions, or is gone.
 */
export async function openSession(
  connection: Connection,
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
  const socket = await connection.upgrade(
    {
      method: 'POST',
      path: '/session',
      headers: {
        'X-Docker-Expose-Session-Uuid': id,
        'X-Docker-Expose-Session-Name': 'dockerception',
        'X-Docker-Expose-Session-Sharedkey': '',
        'X-Docker-Expose-Session-Grpc-Method': [...unary.keys(), ...streams.keys()],
      },
    },
    'h2c',
    signal,
  );
  return { id, close: serveGrpc(socket, { unary, streams }) };
}

/** BytesMessage { data = 1 }, a message a chunk; the stream is the caller's, who hears of its errors. */
function uploadOf(
  headers: IncomingHttpHeaders,
  uploads: ReadonlyMap<string, Readable>,
): Readable | undefined {
  const { urlpath } = headers;
  const body = uploads.get(basename(typeof urlpath === 'string' ? urlpath : ''));
  if (body === undefined) return undefined;
  const messages = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, writeBytes(1, chunk)),
  });
  body.on('error', () => messages.destroy());
  body.on('close', () => {
    if (!body.readableEnded) messages.destroy();
  });
  return body.pipe(messages);
}

/** CredentialsRequest { Host = 1 } to CredentialsResponse { Username = 1, Secret = 2 }; empty is anonymous. */
async function answerCredentials(request: Buffer, credentials: CredentialStore): Promise<Buffer> {
  const host = [...readFields(request)].find((field) => field.number === 1)?.bytes.toString('utf8');
  const credential = host === undefined || host === '' ? undefined : await credentials.get(host);
  if (credential === undefined) return Buffer.alloc(0);
  const { username, password, identityToken } = credential;
  return identityToken === ''
    ? Buffer.concat([writeBytes(1, username), writeBytes(2, password)])
    : writeBytes(2, identityToken);
}
