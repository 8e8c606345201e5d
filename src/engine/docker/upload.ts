/** Requests whose body is a tar. Their answer is newline-delimited JSON: progress, a result, or an error, with HTTP 200. */
import type { ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';
import type { ApiRequest, Connection } from './connection.js';
import { lost, malformed, refusal, unreachable } from './failures.js';

/** Reads an answer. */
export interface UploadAnswer {
  /** Whether it reports success. */
  readonly isSuccess: boolean;
  /** The error that it reports. */
  readonly error: string | undefined;
  /** What an abort does now. */
  readonly abortAction: AbortAction;
  /** Receives the value of each line. */
  take(value: unknown): void;
  /** There are no more lines. */
  end(): void;
}

/**
 * `close` closes the connection. `cancel` closes its sending half, so that the engine stops, and waits for the answer,
 * which reports whether the engine had already finished. `wait` only waits for the answer. `ignore` continues. The
 * connection is closed as long as the body is not sent: an engine makes nothing of a part.
 */
export type AbortAction = 'close' | 'cancel' | 'wait' | 'ignore';

/** Milliseconds that an engine has to answer after `cancel` or `wait`. */
const CANCEL_TIMEOUT = 5_000;
/** Bytes of an answer with an HTTP status of 400 or more. */
const MAX_REFUSAL = 64 << 10;
/** Bytes of one line. A line of BuildKit has at most one gRPC message, of 16 MiB. */
const MAX_LINE = 16 << 20;
const NEWLINE = 0x0a;

/** The end of an upload: the whole answer, or a failure. */
type UploadEnd =
  | { readonly kind: 'answered' | 'aborted' }
  | { readonly kind: 'body-failed' | 'malformed'; readonly error: unknown }
  | { readonly kind: 'lost'; readonly error: unknown; readonly isAnswering: boolean };

/**
 * Posts a tar. If its stream fails, the body of the request is left without its end. An answer that reports an error takes
 * precedence over a connection that breaks after it: the promise resolves.
 *
 * @throws the error of the tar; the reason of the signal; DockerceptionError of kind build if the engine refuses, else
 *   of kind engine.
 */
export async function postTar(
  connection: Connection,
  request: Pick<ApiRequest, 'path' | 'headers'> & {
    readonly doing: string;
    readonly hint?: string;
  },
  tar: Readable,
  answer: UploadAnswer,
  signal: AbortSignal,
): Promise<void> {
  const { endpoint } = connection;
  const { path, headers, doing, hint } = request;
  const lines = new JsonLines((value) => answer.take(value));
  const refused: Buffer[] = [];
  let length = 0;
  let status = 0;
  const client = connection.open({
    method: 'POST',
    path,
    headers: { ...headers, 'Content-Type': 'application/x-tar' },
  });
  client.on('response', ({ statusCode = 0 }) => void (status = statusCode));
  const read = (chunk: Buffer): void => {
    if (status < 400) lines.write(chunk);
    else if ((length += chunk.length) <= MAX_REFUSAL) refused.push(chunk);
  };
  const end = await upload(client, tar, answer, read, signal);
  if (end.kind === 'aborted') throw signal.reason;
  if (end.kind === 'body-failed') throw end.error;
  if (end.kind === 'answered' && status < 400) lines.end();
  answer.end();
  if (answer.error !== undefined) return;
  if (end.kind === 'lost')
    throw end.isAnswering || !isConnecting(end.error)
      ? lost(endpoint, doing, end.error)
      : unreachable(endpoint, end.error);
  if (end.kind === 'malformed')
    throw end.error instanceof DockerceptionError
      ? end.error
      : malformed("reading the engine's progress", messageOf(end.error), end.error);
  if (status < 400) return;
  const body = Buffer.concat(refused).toString('utf8');
  throw refusal({ kind: 'build', doing, hint }, endpoint, status, body);
}

/** Whether it failed before there was a connection: in a system call, TLS, or ssh. */
function isConnecting(error: unknown): boolean {
  const { syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (syscall !== undefined) return /^(?:connect|getaddrinfo|spawn)/.test(syscall);
  return error !== undefined && !['ECONNRESET', 'EPIPE'].includes(systemCode(error) ?? '');
}

/**
 * Sends the body with backpressure, and reads the answer. Resolves when the connection is no longer used; the body is
 * then ended or destroyed. Never rejects.
 */
function upload(
  request: ClientRequest,
  body: Readable,
  answer: Pick<UploadAnswer, 'isSuccess' | 'abortAction'>,
  read: (chunk: Buffer) => void,
  signal: AbortSignal,
): Promise<UploadEnd> {
  return new Promise((resolve) => {
    let isAnswering = false;
    let isSent = false;
    let isAnswered = false;
    let isSettled = false;
    let cancelling: NodeJS.Timeout | undefined;
    const finish = (found: UploadEnd): void => {
      if (isSettled) return;
      isSettled = true;
      const end: UploadEnd = cancelling === undefined ? found : { kind: 'aborted' };
      clearTimeout(cancelling);
      signal.removeEventListener('abort', onAbort);
      // Without the terminating chunk, the engine knows that the body is incomplete.
      if (end.kind !== 'answered' || !isSent) request.destroy();
      body.off('data', onData);
      // Later errors follow from the first.
      body.on('error', () => {});
      const error = 'error' in end ? end.error : undefined;
      if (!body.readableEnded && !body.destroyed)
        body.destroy(error instanceof Error ? error : undefined);
      resolve(end);
    };
    const onAbort = (): void => {
      const action = answer.abortAction;
      if (action === 'ignore') return;
      if (action === 'close' || !isSent || isAnswered) {
        finish({ kind: 'aborted' });
        return;
      }
      cancelling = setTimeout(() => finish({ kind: 'aborted' }), CANCEL_TIMEOUT);
      if (action === 'cancel') request.socket?.end();
    };
    const onData = (chunk: Buffer): void => {
      if (isAnswered || request.destroyed || request.write(chunk)) return;
      body.pause();
      request.once('drain', () => body.resume());
    };
    const onEarlyClose = (): void =>
      finish({ kind: 'body-failed', error: new Error('the context’s stream was closed early') });
    const onLost = (error?: Error): void => finish({ kind: 'lost', error, isAnswering });

    body.on('error', (error) => finish({ kind: 'body-failed', error }));
    body.on('end', () => {
      isSent = true;
      if (isAnswered) finish({ kind: 'answered' });
      else request.end();
    });
    // A stream that is destroyed without an error only closes.
    body.on('close', () => {
      if (!isSent) onEarlyClose();
    });
    // Once there is a response, its own events decide: it may have the reason.
    request.on('error', (error) => {
      if (!isAnswering) onLost(error);
    });
    request.on('close', () => {
      if (!isAnswering) onLost();
    });
    request.on('response', (response) => {
      isAnswering = true;
      response.on('data', (chunk: Buffer) => {
        if (isSettled) return;
        try {
          read(chunk);
        } catch (error) {
          finish({ kind: 'malformed', error });
        }
      });
      response.on('error', onLost);
      response.on('close', () => {
        if (!response.complete && !isAnswered) onLost();
      });
      response.on('end', () => {
        isAnswered = true;
        // An engine may stop reading at the end-of-archive, but the rest of the body must not fail either.
        if (isSent || !answer.isSuccess) finish({ kind: 'answered' });
        else body.resume();
      });
    });

    if (signal.aborted) onAbort();
    else {
      signal.addEventListener('abort', onAbort, { once: true });
      // A stream that has failed or closed emits nothing more.
      if (body.errored) finish({ kind: 'body-failed', error: body.errored });
      else if (body.destroyed) onEarlyClose();
      else body.on('data', onData);
    }
  });
}

/** Splits newline-delimited JSON into its values. The last line needs no newline. */
export class JsonLines {
  readonly #take: (value: unknown) => void;
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #length = 0;

  /** @param limit bytes of one line. @default 16 MiB */
  constructor(take: (value: unknown) => void, limit = MAX_LINE) {
    this.#take = take;
    this.#limit = limit;
  }

  /** @throws DockerceptionError of kind engine, code ENGINE_ANSWER, for a line that is too long or not JSON. */
  write(chunk: Buffer): void {
    let begin = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, begin);
      const part = chunk.subarray(begin, end === -1 ? chunk.length : end);
      this.#length += part.length;
      if (this.#length > this.#limit)
        throw malformed(READING, `a line is longer than ${this.#limit} bytes`);
      if (part.length > 0) this.#pieces.push(part);
      if (end === -1) return;
      this.end();
      begin = end + 1;
    }
  }

  /** Ends the line. @throws as `write` does. */
  end(): void {
    const text = Buffer.concat(this.#pieces, this.#length).toString('utf8').trim();
    this.#pieces = [];
    this.#length = 0;
    if (text === '') return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw malformed(READING, `not JSON: ${JSON.stringify(text.slice(0, 80))}`, error);
    }
    this.#take(value);
  }
}

const READING = "reading the engine's answer";
