/** One question over `node:http`, and its answer: bounded in size and, when asked for, in time. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { DockerceptionError, type ErrorKind } from '../../errors.js';
import type { Endpoint } from './endpoint.js';
import { refusal } from './refusal.js';
import { unreachable, vanished } from './unreachable.js';

/** Bytes of an answer that is read here. */
const MAX_ANSWER = 16 << 20;

/** An answer, and its body when it was read. */
export interface Answer {
  readonly response: IncomingMessage;
  readonly body: string;
}

/** How a question is asked. */
export interface AskOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds. */
  readonly timeout?: number | undefined;
  /** Whether a good answer's body is left for the caller. */
  readonly unread?: boolean;
  /** Sent as JSON. @default no body */
  readonly body?: object | undefined;
  /** The gerund that an error begins with. @default `asking PATH` */
  readonly doing?: string | undefined;
  /** Of the error when the engine refuses. @default 'engine' */
  readonly kind?: ErrorKind | undefined;
}

/** Sends a request and collects the answer; a status of 400 or more is an error. */
export function ask(
  endpoint: Endpoint,
  request: ClientRequest,
  {
    signal,
    timeout,
    unread = false,
    body: sent,
    doing = `asking ${request.path}`,
    kind = 'engine',
  }: AskOptions,
): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const stop = (): void => void request.destroy(signal?.reason as Error);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => {
            request.destroy(new Error(`no answer within ${timeout / 1000} s`));
          }, timeout);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      finish();
    };
    request.on('error', (error) =>
      settle(() => reject(signal?.aborted ? signal.reason : unreachable(endpoint, error))),
    );
    request.on('response', (response) => {
      if (unread && (response.statusCode ?? 0) < 400) {
        settle(() => resolve({ response, body: '' }));
        return;
      }
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > MAX_ANSWER) request.destroy(new Error('its answer is too long'));
        else chunks.push(chunk);
      });
      response.on('error', (error) =>
        settle(() => reject(signal?.aborted ? signal.reason : vanished(endpoint, doing, error))),
      );
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const status = response.statusCode ?? 0;
        settle(() => {
          if (status < 400) resolve({ response, body });
          else reject(refusal(endpoint, kind, doing, status, body));
        });
      });
    });
    if (sent === undefined) request.end();
    else request.end(JSON.stringify(sent));
  });
}

/** Sends a request that turns the connection into another protocol's. */
export function upgrade(
  endpoint: Endpoint,
  request: ClientRequest,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const stop = (): void => void request.destroy(signal?.reason as Error);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    const settled = (): void => signal?.removeEventListener('abort', stop);
    request.on('error', (error) => {
      settled();
      reject(signal?.aborted ? signal.reason : unreachable(endpoint, error));
    });
    request.on('response', (response) => {
      settled();
      const why = `the engine answered ${response.statusCode} and not with an upgrade`;
      request.destroy();
      reject(new DockerceptionError('engine', 'ENGINE_UPGRADE', `opening ${path}: ${why}`));
    });
    request.on('upgrade', (_response, socket, head) => {
      settled();
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.end();
  });
}
