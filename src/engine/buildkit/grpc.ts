/**
 * A gRPC server for unary calls (grpc.io, PROTOCOL-HTTP2): HTTP/2 on a connection that already stands;
 * a message is one byte for compression, four for its length, then Protocol Buffers; the outcome is in
 * the trailers. `@grpc/grpc-js` would do it too, but takes a quarter of a second to load.
 */
import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Stream,
} from 'node:http2';
import { type Duplex, type Readable, Transform } from 'node:stream';
import { messageOf } from '../../errors.js';

/** Answers one call: a message for a message. What it throws is told to the caller. */
export type UnaryMethod = (request: Buffer) => Promise<Buffer> | Buffer;

/** Sends the messages of a stream, whatever the caller sends; a stream that breaks is a call that breaks. */
export type StreamMethod = (headers: IncomingHttpHeaders) => Readable | undefined;

/** What a server answers to, by path: `/package.Service/Method`. */
export interface GrpcMethods {
  readonly unary: ReadonlyMap<string, UnaryMethod>;
  /** Their messages are the chunks of the streams. */
  readonly streams?: ReadonlyMap<string, StreamMethod>;
}

const OK = 0;
const UNKNOWN = 2;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
/** Bytes of a request; those that are answered here have a few dozen. */
const MAX_REQUEST = 64 << 10;
const PREFIX = 5;

/**
 * Serves calls until the connection closes.
 *
 * @returns what closes the connection; may be called twice.
 */
export function serveGrpc(socket: Duplex, methods: GrpcMethods): () => void {
  const session = performServerHandshake(socket);
  // The other side hangs up when its work is done, or dies: whoever waits for that work sees it.
  session.on('error', () => socket.destroy());
  socket.on('error', () => session.destroy());
  session.on('stream', (stream, headers) => {
    stream.on('error', () => stream.close());
    const path = headers[':path'] ?? '';
    const messages = methods.streams?.get(path)?.(headers);
    if (messages) send(stream, messages);
    else void answer(stream, methods.unary.get(path));
  });
  // What the socket has read before is given to the session a tick later, and a session that was
  // destroyed in between throws where no one can catch it.
  return () =>
    void setImmediate(() => {
      session.destroy();
      socket.destroy();
    });
}

async function answer(stream: ServerHttp2Stream, method: UnaryMethod | undefined): Promise<void> {
  let status = OK;
  let text = '';
  let message: Buffer | undefined;
  try {
    const request = await read(stream);
    if (method === undefined) status = UNIMPLEMENTED;
    else if (request === undefined) status = RESOURCE_EXHAUSTED;
    else message = await method(request);
  } catch (error) {
    status = UNKNOWN;
    text = messageOf(error);
  }
  if (stream.destroyed) return;
  respond(stream, () => ({ status, text }));
  stream.end(message === undefined ? undefined : frame(message));
}

/** Sends a stream's chunks as messages. Its end alone is the call's: otherwise the call is reset. */
function send(stream: ServerHttp2Stream, messages: Readable): void {
  respond(stream, () => ({ status: OK, text: '' }));
  const frames = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, frame(chunk)),
  });
  stream.resume();
  messages.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  messages.on('close', () => {
    if (!messages.readableEnded) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  });
  messages.pipe(frames).pipe(stream);
}

function respond(
  stream: ServerHttp2Stream,
  outcome: () => { readonly status: number; readonly text: string },
): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => {
    const { status, text } = outcome();
    const trailers = { 'grpc-status': String(status), 'grpc-message': encodeURIComponent(text) };
    if (!stream.destroyed) stream.sendTrailers(trailers);
  });
}

/** The only message of a call; undefined when it is too long. */
async function read(stream: ServerHttp2Stream): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if ((length += chunk.length) > MAX_REQUEST) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).subarray(PREFIX);
}

/** A message as it goes over the wire. */
export function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
