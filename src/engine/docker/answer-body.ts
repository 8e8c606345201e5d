/** The body of an answer as a stream whose errors say which engine broke the connection, and while doing what. */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Endpoint } from './endpoint.js';
import { vanished } from './unreachable.js';

export class AnswerBody extends Readable {
  readonly #response: IncomingMessage;

  /**
   * Owns the response: it is destroyed with this stream.
   * @param doing the gerund that an error begins with
   */
  constructor(response: IncomingMessage, endpoint: Endpoint, doing: string) {
    super();
    this.#response = response;
    const fail = (error?: Error): void => void this.destroy(vanished(endpoint, doing, error));
    response.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) response.pause();
    });
    response.on('end', () => this.push(null));
    response.on('error', fail);
    response.on('close', () => {
      if (!response.complete) fail();
    });
  }

  override _read(): void {
    this.#response.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#response.destroy();
    callback(error);
  }
}
