/** Requests whose body is a tar. Their answer is newline-delimited JSON: progress, a result, or an error, with HTTP 200. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import { onContextEnd } from '../request.js';
import type { ClassicProgress } from './classic-progress.js';
import type { ApiRequest, Connection } from './connection.js';
import { broken, lost, malformed, refusal } from './failures.js';

/** Reads an answer, whose progress it reports. */
export interface UploadAnswer extends Pick<ClassicProgress, 'error' | 'finish'> {
  readonly isSuccess: boolean;
  /** What an abort does now. */
  readonly abortAction: AbortAction;
  /** Receives the value of each line. */
  take(value: unknown): void;
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

/** How an upload ended. If the connection is `lost`, an error that the engine reported before takes precedence. */
type UploadEnd =
  | { readonly kind: 'answered' | 'aborted'; readonly error?: undefined }
  | { readonly kind: 'body-failed' | 'lost'; readonly error: Error | undefined };

/**
 * Posts a tar. If its stream fails, the body of the request is left without its end. An answer that reports an error takes
 * precedence over a connection that breaks after it: the promise resolves.
 *
 * @throws the error of the tar; the reason of the signal; DockerceptionError of kind build if the engine refuses, else
 *   of kind engine.
 */
export async function postTar(
  connection: Connection,
  {
    path,
    headers,
    ...failing
  }: Pick<ApiRequest, 'path' | 'headers'> & { readonly doing: string; readonly hint?: string },
  tar: Readable,
  answer: UploadAnswer,
  signal: AbortSignal,
): Promise<void> {
  const { endpoint } = connection;
  const { doing } = failing;
  const lines = new JsonLines((value) => answer.take(value));
  let refused: Buffer = Buffer.alloc(0);
  let status = 0;
  const client = connection.open({
    method: 'POST',
    path,
    headers: { ...headers, 'Content-Type': 'application/x-tar' },
  });
  client.on('response', ({ statusCode = 0 }) => void (status = statusCode));
  const read = (chunk: Buffer): void => {
    if (status < 400) lines.write(chunk);
    else refused = Buffer.concat([refused, chunk]).subarray(0, MAX_REFUSAL);
  };
  const { kind, error } = await upload(client, tar, answer, read, signal);
  if (kind === 'aborted') throw signal.reason;
  if (kind === 'body-failed') throw error as Error;
  if (kind === 'answered' && status < 400) lines.end();
  answer.finish();
  if (answer.error !== undefined) return;
  if (error instanceof DockerceptionError) throw error;
  if (kind === 'lost')
    throw status > 0 ? lost(endpoint, doing, error) : broken(endpoint, doing, error);
  if (status >= 400)
    throw refusal({ kind: 'build', ...failing }, endpoint, status, refused.toString('utf8'));
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
    let response: IncomingMessage | undefined;
    let isSettled = false;
    let cancelling: NodeJS.Timeout | undefined;
    const isAnswered = (): boolean => response?.readableEnded === true;
    const finish = (found: UploadEnd): void => {
      if (isSettled) return;
      isSettled = true;
      const end: UploadEnd = cancelling === undefined ? found : { kind: 'aborted' };
      clearTimeout(cancelling);
      signal.removeEventListener('abort', onAbort);
      // Without the terminating chunk, the engine knows that the body is incomplete.
      if (end.kind !== 'answered' || !body.readableEnded) request.destroy();
      body.off('data', onData);
      if (!body.readableEnded) body.destroy(end.error);
      resolve(end);
    };
    const onAbort = (): void => {
      const action = answer.abortAction;
      if (action === 'ignore') return;
      if (action === 'close' || !body.readableEnded || isAnswered()) {
        finish({ kind: 'aborted' });
        return;
      }
      cancelling = setTimeout(() => finish({ kind: 'aborted' }), CANCEL_TIMEOUT);
      if (action === 'cancel') request.socket?.end();
    };
    const onData = (chunk: Buffer): void => {
      if (isAnswered() || request.destroyed || request.write(chunk)) return;
      body.pause();
      request.once('drain', () => body.resume());
    };
    const onLost = (error?: Error): void => finish({ kind: 'lost', error });
    // Once there is a response, its own events decide: it may have the reason.
    const onBroken = (error?: Error): void => {
      if (response === undefined) onLost(error);
    };

    onContextEnd(body, (error) => {
      if (error !== undefined) finish({ kind: 'body-failed', error });
      else if (isAnswered()) finish({ kind: 'answered' });
      else request.end();
    });
    request.on('error', onBroken).on('close', onBroken);
    request.on('response', (incoming) => {
      response = incoming;
      incoming.on('data', (chunk: Buffer) => {
        if (isSettled) return;
        try {
          read(chunk);
        } catch (error) {
          onLost(error as Error);
        }
      });
      incoming.on('error', onLost);
      incoming.on('close', () => {
        if (!incoming.complete) onLost();
      });
      incoming.on('end', () => {
        // An engine may stop reading at the end-of-archive, but the rest of the body must not fail either.
        if (body.readableEnded || !answer.isSuccess) finish({ kind: 'answered' });
        else body.resume();
      });
    });
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else body.on('data', onData);
  });
}

/** Splits newline-delimited JSON into its values. The last line needs no newline. */
export class JsonLines {
  #pieces: Buffer[] = [];
  #length = 0;

  /** @param limit bytes of one line. @default 16 MiB */
  constructor(
    private readonly take: (value: unknown) => void,
    private readonly limit = MAX_LINE,
  ) {}

  /** @throws DockerceptionError of kind engine, code ENGINE_ANSWER, for a line that is too long or not JSON. */
  write(chunk: Buffer): void {
    let begin = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, begin);
      const part = chunk.subarray(begin, end === -1 ? chunk.length : end);
      this.#length += part.length;
      if (this.#length > this.limit)
        throw malformed(READING, `a line is longer than ${this.limit} bytes`);
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
    this.take(value);
  }
}

const READING = "reading the engine's answer";
