/** Loads an image archive into an engine with `POST /images/load` (Engine API, ImageLoad). */
import { pipeline, type Readable, Transform } from 'node:stream';
import { DockerceptionError } from '../../errors.js';
import { END_OF_ARCHIVE } from '../../tar/writer.js';
import { joinLines } from '../../text/trim.js';
import type { EngineRequest } from '../engine.js';
import { type ClassicMessage, ClassicProgress } from './classic-progress.js';
import type { Connection } from './connection.js';
import { type AbortAction, postTar, type UploadAnswer } from './upload.js';

/** Milliseconds between two reports of the bytes sent. */
const REPORT_INTERVAL = 100;
/** `Loaded image: app:latest`, `Loaded image ID: sha256:…`; Podman has several in one line. */
const LOADED = /^Loaded image(?: ID|\(s\))?: *(\S.*)/;

/**
 * Sends an archive to an engine, and waits until it has the image. The archive is read to its end or destroyed. Resolves
 * to the names that the engine reports.
 *
 * @throws the error of the archive; the reason of the signal; DockerceptionError of kind engine: ENGINE_UNREACHABLE,
 *   ENGINE_GONE; of kind build if the engine does not accept the archive: LOAD_FAILED.
 */
export async function loadArchive(
  connection: Connection,
  archive: Readable,
  { report, signal }: Pick<EngineRequest, 'report' | 'signal'>,
): Promise<readonly string[]> {
  const doing = `loading the image into ${connection.endpoint.name}`;
  const answer = new LoadAnswer(report, doing, 'load');
  const { body } = answer;
  // `body` emits its error.
  pipeline(archive, body, () => undefined);
  archive.on('data', (chunk: Buffer) => answer.sent(chunk.length));
  // Without quiet=0, the answer names no images.
  const request = { path: '/images/load?quiet=0', doing };
  try {
    await postTar(connection, request, body, answer, signal);
  } finally {
    // `pipeline` does so in a later tick.
    if (body.destroyed) archive.destroy();
  }
  if (answer.isSuccess) return answer.names;
  throw failed(doing, answer.error ?? 'the engine names no image that it has loaded');
}

/** Keeps the end of a tar back until all of it has arrived. No engine accepts a tar without its two blocks of zeros. */
function holdEnd(): Transform {
  let held: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let bytes = chunk;
      if (chunk.length < END_OF_ARCHIVE.length) bytes = Buffer.concat([held, chunk]);
      else if (held.length > 0) this.push(held);
      const length = Math.max(0, bytes.length - END_OF_ARCHIVE.length);
      // A copy, which does not retain the memory of the chunk.
      held = Buffer.from(bytes.subarray(length));
      if (length > 0) this.push(bytes.subarray(0, length));
      done();
    },
    flush: (done) => done(null, held),
  });
}

class LoadAnswer extends ClassicProgress implements UploadAnswer {
  /** What is sent: the archive, whose end is kept back. */
  readonly body = holdEnd();
  readonly names: string[] = [];
  #sent = 0;
  #reportedAt = -Infinity;

  get isSuccess(): boolean {
    return this.names.length > 0 && this.error === undefined;
  }

  /** An engine that has the whole archive names the image. */
  get abortAction(): AbortAction {
    return this.body.writableFinished ? 'ignore' : 'close';
  }

  override take(value: unknown): void {
    const message = (value ?? {}) as ClassicMessage;
    for (const line of message.stream?.split('\n') ?? []) {
      const named = LOADED.exec(line.trim())?.[1];
      if (named !== undefined) this.names.push(...named.split(/,\s*/));
    }
    super.take(message);
  }

  sent(bytes: number): void {
    this.#sent += bytes;
    const now = performance.now();
    if (now - this.#reportedAt < REPORT_INTERVAL) return;
    this.#reportedAt = now;
    const progressDetail = { current: this.#sent };
    super.take({ status: 'sending', id: 'the archive', progressDetail });
  }
}

function failed(doing: string, why: string): DockerceptionError {
  // Docker 20.10 reports so a layer with an unknown compression.
  const isUnknownCompression = /invalid tar header/.test(why);
  return new DockerceptionError('build', 'LOAD_FAILED', `${doing}: ${joinLines(why, ' / ')}`, {
    hint: isUnknownCompression
      ? 'Docker before 23 reads no zstd: `compression: gzip`, or none'
      : undefined,
  });
}
