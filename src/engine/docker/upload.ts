/**
 * A request whose body is a stream that may break. Three promises: a body that breaks never ends the
 * request properly (no terminating chunk), the first error is the one that is told, and an answer
 * that comes before the body is sent counts for more than the broken pipe that follows it.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { ApiRequest, Connection } from './connection.js';
import { JsonLines } from './lines.js';

/** What happens on the way. */
export interface UploadHandlers {
  /** The answer has begun; its body comes in chunks. */
  response(response: IncomingMessage): void;
  chunk(chunk: Buffer): void;
  /** Whether the answer, which is over, says that all went well. */
  succeeded(): boolean;
  /** What an abort does now; see {@link AbortAction}. @default 'close' */
  onAbort?(): AbortAction;
}

/**
 * `close` closes the connection. `cancel` closes its sending half, by which an engine notices that its client has given
 * up, and waits for the answer, which says whether the engine had finished before. `wait` only waits for the answer.
 * `ignore` leaves the upload alone. Nothing is waited for while the body hasn't been sent: an engine makes nothing of a part.
 */
type AbortAction = 'close' | 'cancel' | 'wait' | 'ignore';

/** Milliseconds in which an engine that was asked to stop has to answer. */
const CANCEL_TIMEOUT = 5_000;

/** How an upload ended: with a whole answer, or without one. */
export type UploadEnd =
  | { readonly kind: 'answered' }
  | { readonly kind: 'body-failed'; readonly error: unknown }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'lost'; readonly error: unknown; readonly answering: boolean }
  | { readonly kind: 'misread'; readonly error: unknown };

/** Bytes that are kept of an answer that is an error. */
const MAX_REFUSAL = 64 << 10;

/**
 * Posts a tar, and reads the answer as lines of JSON.
 *
 * @param take called with the value of each line
 * @returns HTTP's status, 0 without an answer, and the answer's body if it is 400 or more
 * @throws DockerceptionError of kind engine, code ENGINE_ANSWER, if the last line is not JSON
 */
export async function postTar(
  connection: Connection,
  { path, headers }: Pick<ApiRequest, 'path' | 'headers'>,
  tar: Readable,
  take: (value: unknown) => void,
  handlers: Pick<UploadHandlers, 'succeeded' | 'onAbort'>,
  signal: AbortSignal,
): Promise<{ end: UploadEnd; status: number; refused: string }> {
  const lines = new JsonLines(take);
  const refused: Buffer[] = [];
  let length = 0;
  let status = 0;
  const request = connection.open({
    method: 'POST',
    path,
    headers: { ...headers, 'Content-Type': 'application/x-tar' },
  });
  const end = await upload(
    request,
    tar,
    {
      ...handlers,
      response: ({ statusCode = 0 }) => void (status = statusCode),
      chunk(chunk) {
        if (status < 400) lines.write(chunk);
        else if ((length += chunk.length) <= MAX_REFUSAL) refused.push(chunk);
      },
    },
    signal,
  );
  if (end.kind === 'answered' && status < 400) lines.end();
  return { end, status, refused: Buffer.concat(refused).toString('utf8') };
}

/**
 * Sends `body` as the request's body, with backpressure, and reads the answer. Settles once, when
 * the connection is of no more use; the body is then ended or destroyed. Never rejects.
 */
function upload(
  request: ClientRequest,
  body: Readable,
  handlers: UploadHandlers,
  signal: AbortSignal,
): Promise<UploadEnd> {
  return new Promise((resolve) => {
    let answering = false;
    let bodySent = false;
    let answered = false;
    let settled = false;
    let cancelling: NodeJS.Timeout | undefined;
    const finish = (found: UploadEnd): void => {
      if (settled) return;
      settled = true;
      const end: UploadEnd = cancelling === undefined ? found : { kind: 'aborted' };
      clearTimeout(cancelling);
      signal.removeEventListener('abort', onAbort);
      // Without a proper end the engine knows that the body is incomplete.
      if (end.kind !== 'answered' || !bodySent) request.destroy();
      release(end);
      resolve(end);
    };
    const release = (end: UploadEnd): void => {
      body.off('data', onData);
      // An error that comes late has no one to go to: the first was told.
      body.on('error', () => {});
      if (!body.readableEnded && !body.destroyed)
        body.destroy('error' in end ? asError(end.error) : undefined);
    };
    const onAbort = (): void => {
      const action = handlers.onAbort?.() ?? 'close';
      if (action === 'ignore') return;
      if (action === 'close' || !bodySent || answered) {
        finish({ kind: 'aborted' });
        return;
      }
      cancelling = setTimeout(() => finish({ kind: 'aborted' }), CANCEL_TIMEOUT);
      if (action === 'cancel') request.socket?.end();
    };
    const onData = (chunk: Buffer): void => {
      if (answered || request.destroyed || request.write(chunk)) return;
      body.pause();
      request.once('drain', () => body.resume());
    };

    body.on('error', (error) => finish({ kind: 'body-failed', error }));
    body.on('end', () => {
      bodySent = true;
      if (answered) finish({ kind: 'answered' });
      else request.end();
    });
    // A stream that was destroyed without an error has no end and no error, only a close.
    body.on('close', () => {
      if (!bodySent)
        finish({ kind: 'body-failed', error: new Error('the context’s stream was closed early') });
    });
    request.on('error', (error) => {
      // With an answer under way, the answer's own end decides: it has the reason.
      if (!answering) finish({ kind: 'lost', error, answering });
    });
    request.on('close', () => {
      if (!answering) finish({ kind: 'lost', error: undefined, answering });
    });
    request.on('response', (response) => {
      answering = true;
      try {
        handlers.response(response);
      } catch (error) {
        finish({ kind: 'misread', error });
        return;
      }
      response.on('data', (chunk: Buffer) => {
        if (settled) return;
        try {
          handlers.chunk(chunk);
        } catch (error) {
          finish({ kind: 'misread', error });
        }
      });
      response.on('error', (error) => finish({ kind: 'lost', error, answering }));
      response.on('close', () => {
        if (!response.complete && !answered) finish({ kind: 'lost', error: undefined, answering });
      });
      response.on('end', () => {
        answered = true;
        // An engine may stop reading at the end-of-archive. The rest must still turn out to be good.
        if (bodySent || !handlers.succeeded()) finish({ kind: 'answered' });
        else body.resume();
      });
    });

    if (signal.aborted) onAbort();
    else {
      signal.addEventListener('abort', onAbort, { once: true });
      // Some streams were over before anyone listened.
      if (body.errored) finish({ kind: 'body-failed', error: body.errored });
      else if (body.destroyed)
        finish({ kind: 'body-failed', error: new Error('the context’s stream was closed early') });
      else body.on('data', onData);
    }
  });
}

function asError(error: unknown): Error | undefined {
  return error instanceof Error ? error : undefined;
}
