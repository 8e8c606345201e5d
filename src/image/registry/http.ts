/**
 * HTTP requests and their answers. A silent server is given up, and an answer that arrives before the end of the body
 * counts for more than what happens to the rest of it.
 */
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { printable } from '../../text/printable.js';
import { redact } from '../../text/redact.js';
import { tryParseJson } from '../document.js';
import type { Agents } from './agents.js';
import { ConnectionFailure, ContentFailure, HttpFailure, SILENCE } from './errors.js';
import { httpUrl } from './host.js';
import type { CompleteSettings } from './settings.js';

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** In place of the settings' own. */
  readonly signal?: AbortSignal;
}

/** A request's body, opened again for each attempt. */
interface Body {
  /** Bytes. */
  readonly size: number;
  open(): Promise<Readable>;
  /** Called with the bytes that were written so far. */
  sent?(bytes: number): void;
}

export function bytesBody(bytes: Buffer): Body {
  return { size: bytes.length, open: () => Promise.resolve(Readable.from([bytes])) };
}

/** An answer, whose stream the caller reads to its end or destroys. */
export interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly stream: IncomingMessage;
}

/**
 * Sends a request and waits for the head of the answer.
 * @throws ConnectionFailure, the body's own error, or the signal's reason
 */
export async function exchange(
  agents: Agents,
  request: Request,
  { signal: usual, timing }: CompleteSettings,
): Promise<Answer> {
  const { method, url, headers, body, signal = usual } = request;
  signal.throwIfAborted();
  const route = await agents.route(url);
  const source = await body?.open();
  const client = httpRequest({
    ...route,
    method,
    timeout: timing.silence,
    headers: {
      'User-Agent': 'dockerception',
      // Some servers require it without a body too.
      ...((body || method === 'POST') && { 'Content-Length': String(body?.size ?? 0) }),
      ...route.headers,
      ...headers,
    },
  });
  watch(client, timing.silence, signal);
  try {
    const [[response]] = await Promise.all([
      once(client, 'response') as Promise<[IncomingMessage]>,
      body && source ? send(client, source, body) : void client.end(),
    ]);
    // The server would parse the rest of the body as the next request.
    if (!client.writableEnded) response.once('close', () => client.destroy());
    return { url, status: response.statusCode ?? 0, headers: response.headers, stream: response };
  } catch (error) {
    client.destroy();
    if (signal.aborted) throw signal.reason;
    if (error instanceof BodyError) throw error.cause;
    throw new ConnectionFailure(url, error, client.reusedSocket);
  } finally {
    source?.destroy();
  }
}

class BodyError extends Error {
  constructor(override readonly cause: unknown) {
    super();
  }
}

/** Writes the body until the answer arrives, or the request fails. */
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

/** Destroys a request and its answer if they are silent for too long or aborted. */
function watch(request: ClientRequest, silence: number, signal: AbortSignal): void {
  let response: IncomingMessage | undefined;
  // The first error is reported where the request or the response is awaited.
  const ignore = (): void => {};
  const destroy = (error: Error): void => {
    response?.destroy(error);
    request.destroy(error);
  };
  const abort = (): void => destroy(signal.reason as Error);
  signal.addEventListener('abort', abort);
  request.on('error', ignore).on('close', () => signal.removeEventListener('abort', abort));
  request.on('response', (message) => (response = message.on('error', ignore)));
  request.on('timeout', () => {
    const message = `nothing came for ${silence / 1000} s`;
    destroy(Object.assign(new Error(message), { code: SILENCE }));
  });
  if (signal.aborted) abort();
}

/** Bytes of an error's body that are read. */
const MAX_ERROR = 64 * 1024;
/** Bytes that are discarded to keep a connection; it is closed instead of reading more. */
const MAX_REST = 1 << 20;

/**
 * Reads a whole body.
 * @throws ContentFailure for more than `limit` bytes; ConnectionFailure
 */
export async function readBody(answer: Answer, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of bodyOf(answer)) {
    length += chunk.length;
    if (length > limit) throw new ContentFailure(`the answer is longer than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The chunks of a body. Fails with ConnectionFailure; leaving early closes the connection. */
export async function* bodyOf({ stream, url }: Answer): AsyncGenerator<Buffer> {
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw new ConnectionFailure(url, error, false);
  }
}

/** Discards the rest of a body; never fails. */
export async function discard(answer: Answer): Promise<void> {
  await readBody(answer, MAX_REST).catch(() => undefined);
}

/** The error for an answer, with the message of its body. */
export async function refusal(answer: Answer): Promise<HttpFailure> {
  const body = await readBody(answer, MAX_ERROR).catch(() => Buffer.alloc(0));
  // Redacted before it is cut: half of a secret would not be found.
  const reason = printable(redact(errorIn(body)), 300);
  return new HttpFailure(answer.url, answer.status, reason, waitOf(answer.headers['retry-after']));
}

/** The first message or code of `{"errors":[{"code","message"}]}`: OCI distribution-spec, "Error Codes". */
function errorIn(body: Buffer): string {
  const json = tryParseJson(body.toString('utf8'));
  const { errors, details, message, error } = (json ?? {}) as Readonly<Record<string, unknown>>;
  const list: unknown[] = Array.isArray(errors)
    ? errors
    : [{ message: details ?? message ?? error }];
  const first = (list[0] ?? {}) as Readonly<Record<string, unknown>>;
  const texts = [first['message'], first['code']].filter((text) => typeof text === 'string');
  return texts.map((text) => text.trim()).find((text) => text !== '') ?? '';
}

/** Seconds or a date (RFC 9110, section 10.2.3), as milliseconds from now. */
function waitOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request and follows its redirects with the same method and body; another origin gets no credentials.
 * @param insecure whether a redirect may lead from HTTPS to HTTP
 * @throws ContentFailure for an invalid redirect
 */
export async function followRedirects(
  request: Request,
  send: (request: Request) => Promise<Answer>,
  insecure: boolean,
): Promise<Answer> {
  let current = request;
  for (let count = 0; count <= MAX_REDIRECTS; count++) {
    const answer = await send(current);
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    await discard(answer);
    const url = httpUrl(location, current.url);
    if (!url) throw new ContentFailure('it redirects to what is no address');
    if (url.protocol === 'http:' && current.url.protocol === 'https:' && !insecure)
      throw new ContentFailure(`it redirects to ${url.origin}, which is not encrypted`);
    const headers = { ...current.headers };
    if (url.origin !== current.url.origin) delete headers['Authorization'];
    current = { ...current, url, headers };
  }
  throw new ContentFailure(`it redirects more than ${MAX_REDIRECTS} times`);
}
