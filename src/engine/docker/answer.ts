/**
 * The answer to `POST /build`, line by line: progress, the image's ID, or an error, which comes with
 * HTTP 200 (Engine API, ImageBuild; moby, pkg/jsonmessage). Success is proved by an ID alone.
 */
import { isDigest } from '../../image/digest.js';
import type { Report } from '../../progress/events.js';
import { TraceDecoder, withoutReferences, writtenMeanwhile } from '../buildkit/progress.js';
import { type ClassicMessage, ClassicSteps } from './classic-progress.js';

/** A line, as much as is looked at. */
interface Message extends ClassicMessage {
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
  readonly aux?: unknown;
}

const TRACE = 'moby.buildkit.trace';
/** A structure of Podman's own program behind the message for an unknown instruction. */
const DUMP = / &imagebuilder\.Step\{.*\}$/s;
/** What Podman says before it writes an image. */
const COMMIT = /^(?:\[\d+\/\d+\] )?COMMIT\b/;
const STEP = /^(?:\[\d+\/\d+\] )?STEP /;
/** What BuildKit's exporters say of an image without a name: with a containerd image store, and without one. */
const EXPORTED = /^(?:naming to moby-dangling@|writing image )(sha256:[0-9a-f]{64})$/;

/** Takes the values of an answer's lines, in order; reports progress as it comes. */
export class BuildAnswer {
  readonly #report: Report;
  readonly #trace = new TraceDecoder();
  readonly #steps = new ClassicSteps();
  #imageId: string | undefined;
  #exportedId: string | undefined;
  #isCommitting = false;
  #error: string | undefined;

  constructor(report: Report) {
    this.#report = report;
  }

  /** The last ID that the engine gave; undefined when it gave none. */
  get imageId(): string | undefined {
    return this.#imageId;
  }

  /** An image that BuildKit has written: the answer to a build that is cancelled then has no ID. */
  get exportedId(): string | undefined {
    return this.#exportedId;
  }

  /** Whether Podman is writing an image. */
  get isCommitting(): boolean {
    return this.#isCommitting;
  }

  /** The engine's own message, when the build failed. */
  get error(): string | undefined {
    return this.#error;
  }

  /** @throws RangeError when a trace is damaged. */
  take(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const message = value as Message;
    const error = message.errorDetail?.message ?? message.error;
    if (error !== undefined) this.#fail(error.trim() || 'the engine gave no reason');
    else if (message.id === TRACE && typeof message.aux === 'string') this.#takeTrace(message.aux);
    else if (message.aux !== undefined) this.#take(message.aux);
    else this.#show(message);
  }

  /** Says that there are no more lines. */
  end(): void {
    const status = this.#error === undefined ? this.#steps.finish() : undefined;
    if (status) this.#report({ kind: 'status', status });
  }

  #fail(text: string): void {
    const error = withoutReferences(text.replace(DUMP, ''));
    const written = writtenMeanwhile(error);
    if (written !== undefined) {
      this.#imageId = written;
      return;
    }
    this.#error ??= error;
    const status = this.#steps.finish(error);
    if (status) this.#report({ kind: 'status', status });
  }

  #takeTrace(aux: string): void {
    const status = this.#trace.decode(aux);
    for (const { id } of status.statuses ?? [])
      this.#exportedId = EXPORTED.exec(id)?.[1] ?? this.#exportedId;
    this.#report({ kind: 'status', status });
  }

  #take(aux: unknown): void {
    const id = (aux as { ID?: unknown } | null)?.ID;
    if (isDigest(id, 'sha256')) this.#imageId = id;
  }

  #show(message: ClassicMessage): void {
    // Closing words, which belong to no step. Not everything behind an ID: the classic builder gives one a stage.
    if (COMMIT.test(message.stream ?? '')) this.#isCommitting = true;
    else if (STEP.test(message.stream ?? '')) this.#isCommitting = false;
    if (/^Successfully (?:built|tagged) /.test(message.stream ?? '')) return;
    const status = this.#steps.take(message);
    if (status) this.#report({ kind: 'status', status });
  }
}
