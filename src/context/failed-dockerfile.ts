/** Keeps the Dockerfile of a context and the failed step, so that an error can show the lines. */
import type { FileReceiver } from '../edit/find-dockerfile.js';
import { DockerceptionError } from '../errors.js';
import type { Report } from '../progress/events.js';
import type { EntryObserver } from '../tar/walk-handler.js';

/** The maximum size of a Dockerfile. Bytes. */
const MAX_SIZE = 1 << 20;

export class FailedDockerfile implements FileReceiver {
  /** Contents by path; the last file of a name counts, as for every builder. */
  readonly #contents = new Map<string, Buffer[]>();
  #pieces: Buffer[] = [];
  #size = 0;
  #step: string | undefined;

  observer?: EntryObserver | undefined;

  /** @param paths clean paths in the context; the first one that exists is the Dockerfile */
  constructor(private readonly paths: readonly string[]) {}

  begin(path: string): void {
    this.#pieces = [];
    this.#size = 0;
    this.#contents.set(path, this.#pieces);
  }

  data(bytes: Buffer): void {
    if ((this.#size += bytes.length) <= MAX_SIZE) this.#pieces.push(Buffer.from(bytes));
  }

  /** Returns the report, which also records the failed step. */
  report(report: Report): Report {
    return (event) => {
      if (event.kind === 'status')
        for (const { name, error } of event.status.vertexes ?? [])
          if (error !== undefined && !/context canceled/i.test(error)) this.#step ??= name;
      report(event);
    };
  }

  /** Adds the lines around the failed instruction to the error of a build, if they are known. */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof DockerceptionError) || error.kind !== 'build') return error;
    const path = this.paths.find((one) => this.#contents.has(one));
    if (error.excerpt !== undefined || path === undefined) return error;
    const { excerptOf } = await import('../dockerfile/excerpt.js');
    const message = error.message.replace(/^building the image: /, '');
    const failed = { message, step: this.#step };
    const excerpt = excerptOf(Buffer.concat(this.#contents.get(path) ?? []), path, failed);
    return excerpt === undefined ? error : error.with({ excerpt });
  }
}
