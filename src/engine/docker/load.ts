/**
 * `--load`: an image archive into an engine, `POST /images/load` (Engine API, ImageLoad). Errors come
 * with HTTP 200; success is an answer that names what was loaded.
 */
import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import type { Report } from '../../progress/events.js';
import { joinLines } from '../../text/trim.js';
import {
  type ClassicMessage,
  ClassicSteps,
  type FailureMessage,
  failureOf,
} from './classic-progress.js';
import type { Connection } from './connection.js';
import { describe, refusal, unreachable, vanished } from './failures.js';
import { postTar } from './upload.js';

/** Bytes of the two blocks that end a tar. */
const END_OF_ARCHIVE = 1024;
/** Milliseconds between two reports of how much was sent. */
const REPORT_EVERY = 100;
/** `Loaded image: app:latest`, `Loaded image ID: sha256:…`; Podman has several in one line. */
const LOADED = /^Loaded image(?: ID|\(s\))?: *(\S.*)/;

type LoadMessage = ClassicMessage & FailureMessage;

/** How an archive is loaded. */
export interface LoadOptions {
  readonly report: Report;
  readonly signal: AbortSignal;
}

/**
 * Sends an archive to an engine and waits until it has the image; the archive is read to its end or
 * destroyed. Resolves to the names that the engine tells.
 *
 * @throws the archive's own error, the signal's reason, DockerceptionError of kind engine:
 *   ENGINE_UNREACHABLE, ENGINE_GONE; of kind build, when the engine doesn't take it: LOAD_FAILED.
 */
export async function loadArchive(
  connection: Connection,
  archive: Readable,
  { report, signal }: LoadOptions,
): Promise<readonly string[]> {
  const { endpoint } = connection;
  const doing = `loading the image into ${describe(endpoint)}`;
  const answer = new LoadAnswer(report, doing);
  const held = new HeldEnd();
  // An error comes out of `held`, too.
  pipeline(archive, held, () => undefined);
  archive.on('data', (chunk: Buffer) => answer.sent(chunk.length));
  const { end, status, refused } = await postTar(
    connection,
    // Not quiet: only then it names what it has loaded.
    { path: '/images/load?quiet=0' },
    held,
    (value) => answer.take(value),
    {
      succeeded: () => answer.names.length > 0 && answer.error === undefined,
      // The engine names the image when it has all of it: from then on a signal comes too late.
      onAbort: () => (held.isReleased ? 'ignore' : 'close'),
    },
    signal,
  );
  // `pipeline` would do so a tick later.
  if (held.destroyed) archive.destroy();
  answer.end();
  if (end.kind === 'aborted') throw signal.reason;
  if (end.kind === 'body-failed' || end.kind === 'misread') throw end.error;
  if (answer.error !== undefined) throw failed(doing, answer.error);
  if (end.kind === 'lost')
    throw end.answering ? vanished(endpoint, doing, end.error) : unreachable(endpoint, end.error);
  if (status >= 400) throw refusal(endpoint, 'build', doing, status, refused);
  if (answer.names.length === 0)
    throw failed(doing, 'the engine names no image that it has loaded');
  return answer.names;
}

/** Holds the end of a tar back until all of it has come: without its two blocks of zeros an engine takes no archive. */
class HeldEnd extends Transform {
  isReleased = false;
  #held: Buffer = Buffer.alloc(0);

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const bytes =
      chunk.length < END_OF_ARCHIVE ? Buffer.concat([this.#held, chunk]) : this.#passing(chunk);
    const length = Math.max(0, bytes.length - END_OF_ARCHIVE);
    // A copy: the chunk's memory would be kept otherwise.
    this.#held = Buffer.from(bytes.subarray(length));
    if (length > 0) this.push(bytes.subarray(0, length));
    done();
  }

  /** A large chunk isn't copied: what was held goes out before it. */
  #passing(chunk: Buffer): Buffer {
    if (this.#held.length > 0) this.push(this.#held);
    return chunk;
  }

  override _flush(done: TransformCallback): void {
    this.isReleased = true;
    done(null, this.#held);
  }
}

/** Takes the values of an answer's lines, in order; reports progress as it comes. */
class LoadAnswer {
  names: readonly string[] = [];
  error: string | undefined;
  readonly #report: Report;
  readonly #steps: ClassicSteps;
  #sent = 0;
  #told = -Infinity;

  constructor(report: Report, name: string) {
    this.#report = report;
    this.#steps = new ClassicSteps(name, 'load');
  }

  take(value: unknown): void {
    const message = (value ?? {}) as LoadMessage;
    const error = failureOf(message);
    if (error !== undefined) {
      this.error ??= error;
      return;
    }
    for (const line of message.stream?.split('\n') ?? []) {
      const named = LOADED.exec(line.trim())?.[1];
      if (named !== undefined) this.names = [...this.names, ...named.split(/,\s*/)];
    }
    this.#show(message);
  }

  /** Some more bytes of the archive are on their way. */
  sent(bytes: number): void {
    this.#sent += bytes;
    const now = performance.now();
    if (now - this.#told < REPORT_EVERY) return;
    this.#told = now;
    this.#show({ status: 'sending', id: 'the archive', progressDetail: { current: this.#sent } });
  }

  end(): void {
    const status = this.#steps.finish(this.error);
    if (status) this.#report({ kind: 'status', status });
  }

  #show(message: ClassicMessage): void {
    const status = this.#steps.take(message);
    if (status) this.#report({ kind: 'status', status });
  }
}

function failed(doing: string, why: string): DockerceptionError {
  return new DockerceptionError(
    'build',
    'LOAD_FAILED',
    `${doing}: ${joinLines(why, ' / ')}`,
    // What Docker 20.10 says of a layer whose compression it doesn't know.
    /invalid tar header/.test(why)
      ? { hint: 'Docker before 23 reads no zstd: --compression gzip, or none' }
      : {},
  );
}
