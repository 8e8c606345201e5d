/**
 * gRPC (grpc.io, PROTOCOL-HTTP2) on an open connection, as a server and as a client. A message is one byte for compression, four
 * for its length, then Protocol Buffers; `grpc-status` in the trailers is the outcome. `@grpc/grpc-js` takes a quarter of a
 * second to load.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../errors.js';
import { bytesOver, closed, frame, onMessages, PREFIX } from './grpc-messages.js';

/** Answers a call with one message. Its error is sent to the caller, with its status if it is a {@link GrpcError}. */
export type UnaryMethod = (request: Buffer) => Promise<Buffer> | Buffer;

/**
 * Handles a call whose messages in both directions are `BytesMessage`, as a stream of bytes. Its end is the end of the answer; if
 * it is destroyed, the call is reset.
 *
 * @throws GrpcError that is the answer.
 */
export type StreamMethod = (headers: IncomingHttpHeaders, call: Duplex) => void;

/** The methods of a server, by path: `/package.Service/Method`. */
export interface GrpcMethods {
  readonly unary: ReadonlyMap<string, UnaryMethod>;
  readonly streams?: ReadonlyMap<string, StreamMethod>;
}

const OK = 0;
export const UNKNOWN = 2;
export const NOT_FOUND = 5;
const RESOURCE_EXHAUSTED = 8;
export const UNIMPLEMENTED = 12;
/** Bytes of a request to the server. */
const MAX_REQUEST = 64 << 10;
/** Milliseconds from one question whether the server is still there to the next, and how many wait for an answer at most. */
const PROBE_INTERVAL = 1_000;
const MAX_PROBES = 4;
/** Milliseconds without an answer after which the server has gone away. */
const SILENCE = 60_000;
/** Bytes that the other side may send before they are read: with 64 KiB, the default, a distant one sends little. */
const WINDOW = 4 << 20;
const SETTINGS = { settings: { initialWindowSize: WINDOW } };

/**
 * Serves calls until the connection closes.
 *
 * @returns closes the connection; may be called twice.
 */
export function serveGrpc(socket: Duplex, methods: GrpcMethods): () => void {
  const session = performServerHandshake(socket, SETTINGS);
  session.setLocalWindowSize(WINDOW);
  // The user of the connection notices its end.
  session.on('error', () => socket.destroy());
  socket.on('error', () => session.destroy());
  session.on('stream', (stream, headers) => {
    stream.on('error', () => stream.close());
    const path = headers[':path'] ?? '';
    const method = methods.streams?.get(path);
    if (method === undefined) return void answer(stream, methods.unary.get(path));
    const call = bytesOver(stream);
    try {
      method(headers, call);
      respond(stream, OK);
    } catch (error) {
      respond(stream, ...statusOf(error));
      call.resume().end();
    }
  });
  // Node passes bytes that the socket has already read to the session in a later tick, and throws an uncaught error
  // if the session was destroyed before.
  return () =>
    void setImmediate(() => {
      session.destroy();
      socket.destroy();
    });
}

async function answer(stream: ServerHttp2Stream, method: UnaryMethod | undefined): Promise<void> {
  let outcome: [status: number, text?: string] = [OK];
  let message: Buffer | undefined;
  try {
    const request = await readRequest(stream);
    if (method === undefined) outcome = [UNIMPLEMENTED];
    else if (request === undefined) outcome = [RESOURCE_EXHAUSTED];
    else message = Buffer.concat(frame(await method(request)));
  } catch (error) {
    outcome = statusOf(error);
  }
  if (stream.destroyed) return;
  respond(stream, ...outcome);
  stream.end(message);
}

function statusOf(error: unknown): [status: number, text: string] {
  return [error instanceof GrpcError ? error.status : UNKNOWN, messageOf(error)];
}

function respond(stream: ServerHttp2Stream, status: number, text = ''): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  const trailers = { 'grpc-status': String(status), 'grpc-message': encodeURIComponent(text) };
  stream.on('wantTrailers', () => {
    if (!stream.destroyed) stream.sendTrailers(trailers);
  });
}

/** The only message of a call; undefined if it is too long. */
async function readRequest(stream: ServerHttp2Stream): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if ((length += chunk.length) > MAX_REQUEST) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).subarray(PREFIX);
}

/** The error of a call that the server has answered. */
export class GrpcError extends Error {
  /** @param status grpc.io, status codes. */
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export class GrpcClient {
  readonly #session: ClientHttp2Session;
  #error: Error | undefined;

  /** @param silence milliseconds without an answer after which the connection is closed. */
  constructor(socket: Duplex, silence = SILENCE) {
    this.#session = connect('http://engine', { ...SETTINGS, createConnection: () => socket });
    this.#session.once('connect', (session) => session.setLocalWindowSize(WINDOW));
    // All open calls fail with it.
    this.#session.on('error', (error: Error) => (this.#error ??= error));
    void this.silence(silence).then(() => this.#session.destroy(noAnswer()));
  }

  /** Ends all calls and the connection; may be called twice. */
  close(): void {
    // In a later tick: see serveGrpc.
    setImmediate(() => this.#session.destroy());
  }

  /**
   * Resolves when the server has acknowledged nothing for `timeout` milliseconds, or the connection is closed. Node's HTTP/2 ignores
   * a connection after a header of more than 64 KiB, such as BuildKit's error that quotes a long Dockerfile, and emits nothing. A
   * program such as `docker buildx dial-stdio` notices only when it writes that the connection was closed.
   *
   * Empty SETTINGS are sent (RFC 9113, section 6.5.3): gRPC servers refuse a client that pings often.
   */
  async silence(timeout: number): Promise<void> {
    const over = new AbortController();
    this.#session.once('close', () => over.abort());
    let open = 0;
    // Counted, as no time passes while this process is stopped.
    let missed = 0;
    while (!this.#session.destroyed && missed * PROBE_INTERVAL < timeout) {
      missed++;
      if (open < MAX_PROBES) {
        open++;
        this.#session.settings({}, (error) => {
          open--;
          if (error === null) missed = 0;
        });
      }
      // It keeps the process alive: an ignored connection does not.
      await sleep(PROBE_INTERVAL, undefined, { signal: over.signal }).catch(() => undefined);
    }
  }

  /** A call whose messages in both directions are `BytesMessage`, as a stream of bytes. */
  bytes(path: string, headers: OutgoingHttpHeaders): Duplex {
    return bytesOver(this.#request(path, headers));
  }

  #request(path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
    return this.#session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
  }

  /**
   * Makes a call; `take` gets each message of the answer.
   *
   * @throws GrpcError with the server's message; any other error if the connection broke.
   */
  call(
    path: string,
    request: Buffer,
    take: (message: Buffer) => void,
    headers: OutgoingHttpHeaders = {},
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#request(path, headers);
      // An answer without messages has its status in the headers.
      let outcome: IncomingHttpHeaders = {};
      const keep = (headers: IncomingHttpHeaders): void => void (outcome = headers);
      stream.on('response', keep).on('trailers', keep);
      onMessages(stream, take);
      stream.on('error', (error) => reject(this.#error ?? error));
      stream.on('close', () => {
        const status = outcome['grpc-status'];
        if (status === '0') resolve();
        else if (status === undefined) reject(this.#error ?? closed());
        else reject(new GrpcError(Number(status), decoded(outcome['grpc-message'])));
      });
      stream.end(Buffer.concat(frame(request)));
    });
  }
}

function noAnswer(): Error {
  return Object.assign(new Error('the server does not answer'), { code: 'ETIMEDOUT' });
}

/** Percent-encoded UTF-8; any other text is unchanged. */
function decoded(text: string | string[] | undefined): string {
  const raw = String(text ?? '');
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}
