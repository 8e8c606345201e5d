/** A build of Docker's classic builder or of Podman, with `POST /build` (Engine API, ImageBuild). */
import { isDigest } from '../../image/digest.js';
import type { BuildContext, EngineRequest } from '../engine.js';
import { type ClassicMessage, ClassicProgress, errorOf } from './classic-progress.js';
import type { Connection } from './connection.js';
import { buildFailed, withoutImage } from './failures.js';
import { type AbortAction, postTar, type UploadAnswer } from './upload.js';

export interface PostOptions {
  /** The query of `POST /build`. */
  readonly query: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The hint if the engine gives no reason for a failure. */
  readonly hint: string;
  /** Called with the ID of an image that was written, even if the build fails after that. */
  readonly built: (imageId: string) => void;
}

/**
 * Builds an image. Resolves to its ID.
 *
 * @throws the error of the context's stream; the reason of the signal; DockerceptionError of kind build (the engine's
 *   message) or engine (the connection).
 */
export async function build(
  connection: Connection,
  context: BuildContext,
  { report, signal }: Pick<EngineRequest, 'report' | 'signal'>,
  { query, headers = {}, hint, built }: PostOptions,
): Promise<string> {
  const answer = new BuildAnswer(report);
  const request = { path: `/build?${query}`, headers, doing: 'building the image', hint };
  try {
    await postTar(connection, request, context.stream, answer, signal);
  } finally {
    const { imageId, error } = answer;
    if (imageId !== undefined && (signal.aborted || error === undefined)) built(imageId);
  }
  if (answer.error !== undefined) throw buildFailed(answer.error);
  if (answer.imageId === undefined) throw withoutImage();
  return answer.imageId;
}

/** A data structure of Podman in its message about an unknown instruction. */
const DUMP = / &imagebuilder\.Step\{.*\}$/s;
/** Podman's message before a step, and before it writes an image. */
const STEP_OR_COMMIT = /^(?:\[\d+\/\d+\] )?(STEP |COMMIT\b)/;

/** The answer to a build. Only an ID proves that it has succeeded. */
export class BuildAnswer extends ClassicProgress implements UploadAnswer {
  /** The last ID in the answer. */
  imageId: string | undefined;
  #isCommitting = false;

  get isSuccess(): boolean {
    return this.imageId !== undefined && this.error === undefined;
  }

  /** Podman does not answer when it is cancelled. */
  get abortAction(): AbortAction {
    return this.#isCommitting ? 'wait' : 'cancel';
  }

  override take(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const message = value as ClassicMessage;
    const { aux } = message;
    const error = errorOf(message);
    if (error !== undefined) this.error ??= error.replace(DUMP, '');
    else if (aux !== undefined) this.#takeId(aux);
    else this.#show(message);
  }

  #takeId(aux: unknown): void {
    const id = (aux as { ID?: unknown } | null)?.ID;
    if (isDigest(id, 'sha256')) this.imageId = id;
  }

  #show(message: ClassicMessage): void {
    const { stream = '' } = message;
    const mark = STEP_OR_COMMIT.exec(stream)?.[1];
    if (mark !== undefined) this.#isCommitting = mark === 'COMMIT';
    // These lines belong to no step.
    if (!/^Successfully (?:built|tagged) /.test(stream)) super.take(message);
  }
}
