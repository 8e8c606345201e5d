/** Keeps the Dockerfile of a context that passes, and the step that fails, so that an error can show the lines. */
import { DockerceptionError } from './errors.js';
import type { Report } from './progress/events.js';
import type { Sink } from './sink/sink.js';
import { EntryView, type ViewHandler } from './tar/entry-view.js';
import { cleanPath } from './tar/path.js';

/** Bytes of a Dockerfile that is kept. */
const MAX_SIZE = 1 << 20;

export class FailedDockerfile {
  readonly #file: string;
  #pieces: Buffer[] | undefined;
  #isOpen = false;
  #size = 0;
  #step: string | undefined;

  /** @param file its clean path in the context */
  constructor(file: string) {
    this.#file = file;
  }

  /** The same report; notes the step that fails. */
  report(report: Report): Report {
    return (event) => {
      if (event.kind === 'status')
        for (const { name, error } of event.status.vertexes ?? [])
          if (error !== undefined && !/context canceled/i.test(error)) this.#step ??= name;
      report(event);
    };
  }

  /** The same sink for a tar. */
  sink(sink: Sink): Sink {
    let view: EntryView | undefined = new EntryView(this.#handler());
    return {
      write: (bytes) => {
        try {
          view?.push(bytes);
        } catch {
          // The lines are an extra: what a builder makes of the tar counts.
          view = undefined;
        }
        sink.write(bytes);
      },
      ready: () => sink.ready(),
      end: () => sink.end(),
      destroy: (error) => sink.destroy(error),
    };
  }

  /** The same handler of entries. */
  entries(handler: ViewHandler): ViewHandler {
    const own = this.#handler();
    return {
      ...handler,
      entry: (entry) => {
        own.entry(entry);
        return handler.entry(entry);
      },
      data: (bytes) => {
        own.data(bytes);
        handler.data(bytes);
      },
      hole: (length) => handler.hole(length),
      global: (header) => handler.global?.(header),
      oddPadding: () => handler.oddPadding?.(),
    };
  }

  /** The error with the lines around the instruction that failed, when it is a build's and they are known. */
  async explain(error: unknown): Promise<unknown> {
    if (!(error instanceof DockerceptionError) || error.kind !== 'build') return error;
    if (error.excerpt !== undefined || this.#pieces === undefined) return error;
    const { excerptOf } = await import('./dockerfile/excerpt.js');
    const { kind, code, message, hint, cause } = error;
    const failed = { message: message.replace(/^building the image: /, ''), step: this.#step };
    const excerpt = excerptOf(Buffer.concat(this.#pieces), this.#file, failed);
    if (excerpt === undefined) return error;
    return new DockerceptionError(kind, code, message, {
      excerpt,
      cause,
      ...(hint !== undefined && { hint }),
    });
  }

  /** The last one of that name counts, as for every builder. */
  #handler(): ViewHandler {
    return {
      entry: ({ type, path }) => {
        this.#isOpen =
          type === 'file' && path.endsWith(this.#file) && cleanPath(path) === this.#file;
        if (this.#isOpen) this.#pieces = [];
        this.#size = 0;
      },
      data: (bytes) => {
        if (this.#isOpen && (this.#size += bytes.length) <= MAX_SIZE)
          this.#pieces?.push(Buffer.from(bytes));
      },
      hole: () => undefined,
    };
  }
}
