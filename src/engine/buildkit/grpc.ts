/**
 * gRPC (grpc.io, PROTOCOL-HTTP2) on an open connection, as a server and as a client. A message is one byte for compression, four
 * for its length, then Protocol Buffers; `grpc-status` in the trailers is the outcome. `@grpc/grpc-js` takes a quarter of a
 * second to load.
 */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type Http2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from 'node:http2';
import { Duplex, finished, type Readable, Transform } from 'node:stream';
import { messageOf } from '../../errors.js';
import { BytesMessage } from './messages.js';

/** Answers a call with one message. Its error is sent to the caller, with its status if it is a {@link GrpcError}. */
export type UnaryMethod = (request: Buffer) => Promise<Buffer> | Buffer;

/**
 * Answers a call with a stream whose chunks are messages. If the stream fails, the call is reset.
 *
 * @param requests the messages of the caller; the method reads or resumes it.
 */
export type StreamMethod = (
  headers: IncomingHttpHeaders,
  requests: Readable,
) => Readable | undefined;

/** The methods of a server, by path: `/package.Service/Method`. */
export interface GrpcMethods {
  readonly unary: ReadonlyMap<string, UnaryMethod>;
  readonly streams?: ReadonlyMap<string, StreamMethod>;
}

const OK = 0;
const UNKNOWN = 2;
export const NOT_FOUND = 5;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
/** Bytes of a request to the server. */
const MAX_REQUEST = 64 << 10;
/** Bytes of a message to the client. */
const MAX_MESSAGE = 16 << 20;
const PREFIX = 5;

/**
 * Serves calls until the connection closes.
 *
 * @returns closes the connection; may be called twice.
 */
export function serveGrpc(socket: Duplex, methods: GrpcMethods): () => void {
  const session = performServerHandshake(socket);
  // The user of the connection notices its end.
  session.on('error', () => socket.destroy());
  socket.on('error', () => session.destroy());
  session.on('stream', (stream, headers) => {
    stream.on('error', () => stream.close());
    const path = headers[':path'] ?? '';
    const method = methods.streams?.get(path);
    if (method === undefined) return void answer(stream, methods.unary.get(path));
    const requests = messagesIn(stream);
    const messages = method(headers, requests);
    if (messages) return sendMessages(stream, messages);
    requests.resume();
    respond(stream, UNIMPLEMENTED, '');
    stream.end();
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
    else message = frame(await method(request));
  } catch (error) {
    outcome = [error instanceof GrpcError ? error.status : UNKNOWN, messageOf(error)];
  }
  if (stream.destroyed) return;
  respond(stream, ...outcome);
  stream.end(message);
}

function sendMessages(stream: ServerHttp2Stream, messages: Readable): void {
  respond(stream, OK);
  const frames = new Transform({
    writableObjectMode: true,
    transform: (chunk: Buffer, _encoding, done) => done(null, frame(chunk)),
  });
  finished(messages, { writable: false }, (error) => {
    if (error) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  });
  messages.pipe(frames).pipe(stream);
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

function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
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

  constructor(socket: Duplex) {
    this.#session = connect('http://engine', { createConnection: () => socket });
    // All open calls fail with it.
    this.#session.on('error', (error: Error) => (this.#error ??= error));
  }

  /** Ends all calls and the connection; may be called twice. */
  close(): void {
    // In a later tick: see serveGrpc.
    setImmediate(() => this.#session.destroy());
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
      const messages = messagesIn(stream).on('data', (message: Buffer) => {
        try {
          take(message);
        } catch (error) {
          stream.destroy(error as Error);
        }
      });
      stream.on('error', (error) => reject(this.#error ?? error));
      const settle = (): void => {
        if (!stream.closed || !messages.closed) return;
        const status = outcome['grpc-status'];
        if (status === '0') resolve();
        else if (status === undefined) reject(this.#error ?? closed());
        else reject(new GrpcError(Number(status), decoded(outcome['grpc-message'])));
      };
      stream.on('close', settle);
      messages.on('close', settle);
      stream.end(frame(request));
    });
  }
}

function closed(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
}

/** The messages of a call. If one is too long, or the call is aborted, they fail, and the call is destroyed. */
function messagesIn(stream: Duplex): Readable {
  let received: Buffer = Buffer.alloc(0);
  const messages = new Transform({
    readableObjectMode: true,
    transform(chunk: Buffer, _encoding, done) {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      while (received.length >= PREFIX) {
        const end = PREFIX + received.readUInt32BE(1);
        if (end > MAX_MESSAGE) return done(new RangeError('a message is too long'));
        if (received.length < end) break;
        this.push(received.subarray(PREFIX, end));
        received = received.subarray(end);
      }
      done();
    },
    flush(done) {
      // A call that was aborted ends, too.
      const isWhole = received.length === 0 && (stream as Partial<Http2Stream>).aborted !== true;
      done(isWhole ? null : closed());
    },
  });
  messages.on('error', (error) => stream.destroy(error));
  stream.on('close', () => {
    if (!stream.readableEnded) messages.destroy();
  });
  return stream.pipe(messages);
}

/** A stream of bytes over the messages of a call, `BytesMessage` in both directions. */
function bytesOver(stream: Duplex): Duplex {
  const writable = new Transform({
    transform: (data: Buffer, _encoding, done) => done(null, frame(BytesMessage.encode({ data }))),
  });
  const readable = bytesOf(messagesIn(stream));
  writable.pipe(stream);
  const both = Duplex.from({ readable, writable });
  stream.on('error', (error) => both.destroy(error));
  both.on('close', () => stream.destroy());
  return both;
}

/** The bytes of a stream of `BytesMessage`. */
export function bytesOf(messages: Readable): Readable {
  const bytes = new Transform({
    writableObjectMode: true,
    transform(message: Buffer, _encoding, done) {
      try {
        done(null, BytesMessage.parse(message).data);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  messages.on('close', () => {
    if (!messages.readableEnded) bytes.destroy();
  });
  return messages.pipe(bytes);
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
