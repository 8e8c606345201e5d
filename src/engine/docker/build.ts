/** A build with `POST /build` (Engine API, ImageBuild). */
import { messageOf } from '../../errors.js';
import { isDigest } from '../../image/digest.js';
import type { SolveStatus } from '../../progress/events.js';
import { existingImage, TraceDecoder, withoutReferences } from '../buildkit/progress.js';
import type { BuildContext, EngineRequest } from '../engine.js';
import { type ClassicMessage, ClassicProgress, errorOf } from './classic-progress.js';
import type { Connection } from './connection.js';
import { buildFailed, malformed, withoutImage } from './failures.js';
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
    const id = answer.imageId ?? (signal.aborted ? answer.exportedId : undefined);
    if (id !== undefined && (signal.aborted || answer.error === undefined)) built(id);
  }
  if (answer.error !== undefined) throw buildFailed(answer.error);
  if (answer.imageId === undefined) throw withoutImage();
  return answer.imageId;
}

const TRACE = 'moby.buildkit.trace';
/** A data structure of Podman in its message about an unknown instruction. */
const DUMP = / &imagebuilder\.Step\{.*\}$/s;
/** Podman's message before a step, and before it writes an image. */
const STEP_OR_COMMIT = /^(?:\[\d+\/\d+\] )?(STEP |COMMIT\b)/;
/** The messages of BuildKit's exporters about an unnamed image, with and without a containerd image store. */
const EXPORTED = /^(?:naming to moby-dangling@|writing image )(sha256:[0-9a-f]{64})$/;

/** The answer to a build. Only an ID proves that it has succeeded. */
export class BuildAnswer extends ClassicProgress implements UploadAnswer {
  /** The last ID in the answer. */
  imageId: string | undefined;
  /** An image that BuildKit has written. The answer to a build that was cancelled then has no ID. */
  exportedId: string | undefined;
  readonly #trace = new TraceDecoder();
  #isCommitting = false;

  get isSuccess(): boolean {
    return this.imageId !== undefined && this.error === undefined;
  }

  /** Podman does not answer when it is cancelled. */
  get abortAction(): AbortAction {
    return this.#isCommitting ? 'wait' : 'cancel';
  }

  /** @throws DockerceptionError of kind engine, code ENGINE_ANSWER, if a trace is damaged. */
  override take(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const message = value as ClassicMessage;
    const { id, aux } = message;
    const error = errorOf(message);
    if (error !== undefined) this.#fail(error);
    else if (id === TRACE && typeof aux === 'string') this.#takeTrace(aux);
    else if (aux !== undefined) this.#takeId(aux);
    else this.#show(message);
  }

  #fail(text: string): void {
    const error = withoutReferences(text.replace(DUMP, ''));
    const existing = existingImage(error);
    if (existing === undefined) this.error ??= error;
    else this.imageId = existing;
  }

  #takeTrace(aux: string): void {
    let status: SolveStatus;
    try {
      status = this.#trace.decode(aux);
    } catch (error) {
      throw malformed("reading the engine's progress", messageOf(error), error);
    }
    for (const { id } of status.statuses ?? [])
      this.exportedId = EXPORTED.exec(id)?.[1] ?? this.exportedId;
    this.report({ kind: 'status', status });
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
