/**
 * `POST /build`: sends the context, reads the answer, decides how it ended.
 */
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';
import type { BuildContext, EngineRequest } from '../engine.js';
import { BuildAnswer } from './answer.js';
import type { Connection } from './connection.js';
import { refusal, unreachable, vanished } from './failures.js';
import { postTar } from './upload.js';

/** What a build needs beside its options. */
export interface BuildRequest {
  /** The query of `POST /build`. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What to do when the engine fails without a word. */
  readonly muteHint: string;
  /** What to do about an error of the engine's, when something is known about it. */
  readonly hintFor: (message: string) => Promise<string | undefined>;
  /** Called with the ID of an image that the engine has built, even if the build fails after that. */
  readonly built: (imageId: string) => void;
}

/**
 * Builds; resolves with the image's ID.
 *
 * @throws the context's own error when its stream breaks, the signal's reason when it aborts,
 *   DockerceptionError of kind build (the engine's message) or engine (it went away).
 */
export async function build(
  connection: Connection,
  context: BuildContext,
  options: Pick<EngineRequest, 'report' | 'signal'>,
  request: BuildRequest,
): Promise<string> {
  const { endpoint } = connection;
  const answer = new BuildAnswer(options.report);
  const { end, status, refused } = await postTar(
    connection,
    { path: `/build?${request.query}`, headers: request.headers },
    context.stream,
    (value) => answer.take(value),
    {
      succeeded: () => answer.imageId !== undefined && answer.error === undefined,
      // Podman closes the connection without a word when it is asked to stop.
      onAbort: () => (answer.isCommitting ? 'wait' : 'cancel'),
    },
    options.signal,
  );
  const isAborted = end.kind === 'aborted';
  const id = isAborted ? (answer.imageId ?? answer.exportedId) : answer.imageId;
  if (id !== undefined && (isAborted || answer.error === undefined)) request.built(id);

  // An error of the engine's that is already there explains whatever happened after it.
  if (end.kind === 'aborted') throw options.signal.reason;
  if (end.kind === 'body-failed') throw end.error;
  answer.end();
  if (answer.error !== undefined) {
    const hint = await request.hintFor(answer.error);
    throw new DockerceptionError('build', 'BUILD_FAILED', `building the image: ${answer.error}`, {
      hint,
    });
  }
  switch (end.kind) {
    case 'lost':
      throw end.answering || !isConnecting(end.error)
        ? vanished(endpoint, 'building the image', end.error)
        : unreachable(endpoint, end.error);
    case 'misread':
      throw end.error instanceof DockerceptionError
        ? end.error
        : new DockerceptionError(
            'engine',
            'ENGINE_ANSWER',
            `reading the engine's progress: ${messageOf(end.error)}`,
            { cause: end.error },
          );
    case 'answered':
      break;
  }
  if (status >= 400)
    throw refusal(endpoint, 'build', 'building the image', status, refused, request.muteHint);
  if (answer.imageId === undefined)
    throw new DockerceptionError(
      'build',
      'BUILD_NO_IMAGE',
      'building the image: the engine reported no failure, but gave no image ID',
      { hint: 'see the engine’s own log' },
    );
  return answer.imageId;
}

/** Whether it failed before there was a connection: in the system's call, in TLS, in ssh. */
function isConnecting(error: unknown): boolean {
  const { syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (syscall !== undefined) return /^(?:connect|getaddrinfo|spawn)/.test(syscall);
  return error !== undefined && !['ECONNRESET', 'EPIPE'].includes(systemCode(error) ?? '');
}
