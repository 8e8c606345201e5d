/**
 * Calls over gRPC on a connection that already stands: one message there, one or many back
 * (grpc.io, PROTOCOL-HTTP2). The outcome is `grpc-status` in the trailers, or in the headers when there is no message.
 */
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2';
import type { Duplex } from 'node:stream';
import { frame } from './grpc.js';

/** Bytes of one message. */
const MAX_MESSAGE = 16 << 20;
const PREFIX = 5;

/** A call that the other side has answered with an error. */
export class GrpcError extends Error {
  /** grpc.io, status codes. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Calls the other side of one connection. */
export class GrpcClient {
  readonly #session: ClientHttp2Session;
  #error: Error | undefined;

  constructor(socket: Duplex) {
    this.#session = connect('http://engine', { createConnection: () => socket });
    // Every call under way fails too, and tells why.
    this.#session.on('error', (error: Error) => {
      this.#error ??= error;
    });
  }

  /** Ends all calls and the connection; may be called twice. */
  close(): void {
    // Not at once: see serveGrpc.
    setImmediate(() => this.#session.destroy());
  }

  /**
   * Makes a call; `take` gets its messages as they come.
   *
   * @throws GrpcError with the other side's words; any other error when the connection broke.
   */
  call(path: string, request: Buffer, take: (message: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const stream = this.#session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let outcome: IncomingHttpHeaders = {};
      let kept: Buffer = Buffer.alloc(0);
      stream.on('response', (headers: IncomingHttpHeaders) => {
        outcome = headers;
      });
      stream.on('trailers', (headers: IncomingHttpHeaders) => {
        outcome = headers;
      });
      stream.on('data', (chunk: Buffer) => {
        kept = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
        try {
          while (kept.length >= PREFIX) {
            const end = PREFIX + kept.readUInt32BE(1);
            if (end > MAX_MESSAGE) throw new RangeError('a message is too long');
            if (kept.length < end) break;
            take(kept.subarray(PREFIX, end));
            kept = kept.subarray(end);
          }
        } catch (error) {
          stream.destroy(error as Error);
        }
      });
      stream.on('error', (error) => reject(this.#error ?? error));
      stream.on('close', () => {
        const status = outcome['grpc-status'];
        if (status === '0') resolve();
        else if (status === undefined)
          reject(this.#error ?? new Error('the connection was closed in the middle of a call'));
        else reject(new GrpcError(Number(status), decode(outcome['grpc-message'])));
      });
      stream.end(frame(request));
    });
  }
}

/** Percent-encoded UTF-8; what isn't is taken as it is. */
function decode(text: string | string[] | undefined): string {
  const raw = String(text ?? '');
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}
