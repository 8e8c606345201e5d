/**
 * One HTTP request and its answer. A server that falls silent is given up, the signal destroys the
 * connection, and an answer that comes before the body is sent counts for more than what happens to
 * the rest of the body.
 */
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import type { Agents } from './agents.js';
import { ConnectionFailure, SilenceError } from './failure.js';
import type { Resolved } from './settings.js';

/** What is asked. */
export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** In place of the settings' own. */
  readonly signal?: AbortSignal;
}

/** A request's body; opened anew for every try. */
interface Body {
  /** Bytes. */
  readonly size: number;
  open(): Promise<Readable>;
  /** Told the bytes that were handed to the connection so far. */
  sent?(bytes: number): void;
}

/** What came back. Whoever has it reads the stream to its end, or destroys it. */
export interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly stream: IncomingMessage;
}

/**
 * Sends a request and waits for the answer's head.
 *
 * @throws ConnectionFailure, the body's own error, or the signal's reason.
 */
export async function exchange(
  agents: Agents,
  request: Request,
  { signal: usual, timing }: Resolved,
): Promise<Answer> {
  const { method, url, headers, body, signal = usual } = request;
  signal.throwIfAborted();
  const route = await agents.route(url);
  // Opened first: when it can't be, nothing was asked.
  const source = await body?.open();
  const client = (route.secure ? httpsRequest : httpRequest)({
    ...route.options,
    method,
    headers: {
      'User-Agent': 'dockerception',
      ...(body ? { 'Content-Length': String(body.size) } : {}),
      ...route.options.headers,
      ...headers,
    },
  });
  const unwatch = watch(client, timing.silence, signal);
  try {
    const [response] = await Promise.all([
      answerOf(client),
      body && source ? send(client, source, body) : void client.end(),
    ]);
    // What was left of the body would be taken for the next request.
    if (!client.writableEnded) response.once('close', () => client.destroy());
    return { url, status: response.statusCode ?? 0, headers: response.headers, stream: response };
  } catch (error) {
    unwatch();
    client.destroy();
    // What was under way fails with the signal's reason, not with a broken connection.
    if (signal.aborted) throw signal.reason;
    if (error instanceof BodyError) throw error.cause;
    throw new ConnectionFailure(url, error, client.reusedSocket);
  } finally {
    source?.destroy();
  }
}

/** The body's own failure, told from the connection's. */
class BodyError extends Error {
  constructor(override readonly cause: unknown) {
    super();
  }
}

function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on('response', resolve);
    // Later errors are the answer's own, or come of our giving up.
    request.on('error', reject);
    request.on('close', () => reject(reset()));
  });
}

/** Writes the body until it is over or nobody wants it any more; `answerOf` tells how it went. */
async function send(request: ClientRequest, source: Readable, body: Body): Promise<void> {
  let over = false;
  let wake = (): void => {};
  const stop = (): void => {
    over = true;
    wake();
  };
  request
    .on('response', stop)
    .on('close', stop)
    .on('error', stop)
    .on('drain', () => wake());
  let bytes = 0;
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      if (over) break;
      bytes += chunk.length;
      if (bytes > body.size) throw new Error(`the blob is longer than ${body.size} bytes`);
      if (!request.write(chunk)) await new Promise<void>((resolve) => (wake = resolve));
      body.sent?.(bytes);
    }
    if (!over && bytes < body.size) throw new Error(`the blob ends after ${bytes} bytes`);
  } catch (error) {
    throw new BodyError(error);
  }
  if (!over) request.end();
}

/** Destroys a request that is silent for too long, or not wanted any more; returns how to stop. */
function watch(request: ClientRequest, silence: number, signal: AbortSignal): () => void {
  let last = -1;
  let since = performance.now();
  const look = (): void => {
    const { socket } = request;
    const bytes = socket ? socket.bytesRead + socket.bytesWritten : 0;
    const now = performance.now();
    if (bytes !== last) [last, since] = [bytes, now];
    else if (now - since >= silence) destroy(new SilenceError(silence));
  };
  const timer = setInterval(look, Math.max(10, silence / 10));
  const abort = (): void => destroy(signal.reason as Error);
  const destroy = (error: Error): void => {
    response?.destroy(error);
    request.destroy(error);
  };
  const stop = (): void => {
    clearInterval(timer);
    signal.removeEventListener('abort', abort);
  };
  let response: IncomingMessage | undefined;
  request.on('response', (message) => {
    response = message;
    // Its reader gets its errors; without one they have no one to go to.
    message.on('error', () => {});
    message.on('close', stop);
  });
  request.on('close', () => {
    if (!response) stop();
  });
  signal.addEventListener('abort', abort, { once: true });
  return stop;
}

function reset(): Error {
  return Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });
}
