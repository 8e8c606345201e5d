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
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../errors.js';
import { BytesMessage } from './messages.js';
import { lengthOf } from './protobuf.js';

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
const UNIMPLEMENTED = 12;
/** Bytes of a request to the server. */
const MAX_REQUEST = 64 << 10;
/** Bytes of a message to the client. */
const MAX_MESSAGE = 16 << 20;
/** Bytes in a message to the other side, which refuses more than 4 MiB by default. */
const MAX_BYTES = 1 << 20;
const PREFIX = 5;
/** Milliseconds in which a ping is answered, and from an answer to the next ping. */
const PING_TIMEOUT = 5_000;
const PING_INTERVAL = 500;
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

function frame(...message: readonly Buffer[]): Buffer[] {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(lengthOf(message), 1);
  return [prefix, ...message];
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
    this.#session = connect('http://engine', { ...SETTINGS, createConnection: () => socket });
    this.#session.once('connect', (session) => session.setLocalWindowSize(WINDOW));
    // All open calls fail with it.
    this.#session.on('error', (error: Error) => (this.#error ??= error));
  }

  /** Ends all calls and the connection; may be called twice. */
  close(): void {
    // In a later tick: see serveGrpc.
    setImmediate(() => this.#session.destroy());
  }

  /**
   * Resolves when the server no longer answers pings. Node's HTTP/2 ignores a connection after a header of more than 64 KiB,
   * such as BuildKit's error that quotes a long Dockerfile, and emits nothing. Resolves, too, when the connection is closed.
   */
  async silence(signal: AbortSignal): Promise<void> {
    const answers = (): Promise<boolean> =>
      new Promise((resolve) => {
        const timeout = setTimeout(resolve, PING_TIMEOUT, false);
        this.#session.ping((error) => {
          clearTimeout(timeout);
          resolve(error === null);
        });
      });
    while (!this.#session.destroyed && (await answers()))
      await sleep(PING_INTERVAL, undefined, { signal });
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

function closed(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
}

/**
 * Calls `take` with each message of a call, and `end` after the last one. If a message is too long or cut, the call is aborted, or
 * `take` throws, the call is destroyed.
 */
function onMessages(
  stream: Http2Stream,
  take: (message: Buffer) => void,
  end?: (error?: Error) => void,
): void {
  let pieces: Buffer[] = [];
  let length = 0;
  /** Bytes of the prefix, or of the prefix and the message. */
  let wanted = PREFIX;
  const add = (chunk: Buffer): void => {
    pieces.push(chunk);
    length += chunk.length;
    while (length >= wanted) {
      const received = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
      const end = PREFIX + received.readUInt32BE(1);
      if (end > MAX_MESSAGE) throw new RangeError('a message is too long');
      const isWhole = length >= end;
      if (isWhole) take(received.subarray(PREFIX, end));
      pieces = [isWhole ? received.subarray(end) : received];
      length -= isWhole ? end : 0;
      wanted = isWhole ? PREFIX : end;
    }
  };
  stream.on('data', (chunk: Buffer) => {
    try {
      add(chunk);
    } catch (error) {
      stream.destroy(error as Error);
    }
  });
  stream.on('end', () => {
    // A call that was aborted ends, too.
    const error = length > 0 || stream.aborted ? closed() : undefined;
    if (error) stream.destroy(error);
    end?.(error);
  });
}

function partsOf(data: Buffer): Buffer[] {
  const count = Math.ceil(data.length / MAX_BYTES);
  return Array.from({ length: count }, (_, at) =>
    data.subarray(at * MAX_BYTES, (at + 1) * MAX_BYTES),
  );
}

/** A stream of bytes over the messages of a call, `BytesMessage` in both directions. */
function bytesOver(stream: Http2Stream): Duplex {
  const bytes = new Duplex({
    read: () => void stream.resume(),
    // All that waits is one message, without a copy, unless a caller writes its whole context at once.
    writev(chunks, done) {
      const data = chunks.map(({ chunk }) => chunk as Buffer);
      const messages = lengthOf(data) > MAX_BYTES ? data.flatMap(partsOf) : [data];
      const next = (): void => {
        const message = messages.shift();
        if (message === undefined) return done();
        stream.cork();
        for (const piece of frame(...BytesMessage.pieces({ data: message }))) stream.write(piece);
        stream.uncork();
        if (stream.writableNeedDrain) stream.once('drain', next);
        else next();
      };
      next();
    },
    final(done) {
      stream.end();
      done();
    },
    destroy(error, done) {
      const isOver = error === null && bytes.writableFinished && bytes.readableEnded;
      if (!isOver) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      done(error);
    },
  });
  // Its reader and its writer receive the error, too.
  bytes.on('error', () => undefined);
  onMessages(
    stream,
    (message) => {
      if (!bytes.push(BytesMessage.parse(message).data)) stream.pause();
    },
    (error) => void (error ? bytes.destroy(error) : bytes.push(null)),
  );
  stream.on('error', (error) => bytes.destroy(error));
  stream.on('close', () => {
    if (!stream.readableEnded || !bytes.writableFinished) bytes.destroy();
  });
  return bytes;
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
