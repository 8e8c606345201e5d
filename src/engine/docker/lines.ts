/**
 * Newline-delimited JSON, as builds and pushes answer: chunks of bytes go in, one value a line comes
 * out. A character may be split between two chunks, a line is at most 16 MiB, the last one needs
 * no newline.
 */
import { DockerceptionError } from '../../errors.js';

/** Bytes of one line. A line of BuildKit's carries at most one gRPC message, 16 MiB at its most. */
const MAX_LINE = 16 << 20;
const NEWLINE = 0x0a;

/** Splits an answer into its JSON values; calls `take` with each. */
export class JsonLines {
  readonly #take: (value: unknown) => void;
  readonly #limit: number;
  #kept: Buffer[] = [];
  #length = 0;

  /** @param limit bytes of one line. @default 16 MiB */
  constructor(take: (value: unknown) => void, limit = MAX_LINE) {
    this.#take = take;
    this.#limit = limit;
  }

  /** @throws DockerceptionError of kind engine, code ENGINE_ANSWER: too long, or not JSON. */
  write(chunk: Buffer): void {
    let begin = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, begin);
      const part = chunk.subarray(begin, end === -1 ? chunk.length : end);
      this.#length += part.length;
      if (this.#length > this.#limit)
        throw answerError(`a line is longer than ${this.#limit} bytes`);
      if (part.length > 0) this.#kept.push(part);
      if (end === -1) return;
      this.#flush();
      begin = end + 1;
    }
  }

  /** Says that the answer is over. @throws as `write` does. */
  end(): void {
    this.#flush();
  }

  #flush(): void {
    const line = this.#kept.length === 1 ? this.#kept[0] : Buffer.concat(this.#kept, this.#length);
    this.#kept = [];
    this.#length = 0;
    const text = line?.toString('utf8').trim() ?? '';
    if (text === '') return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw answerError(`not JSON: ${JSON.stringify(text.slice(0, 80))}`, error);
    }
    this.#take(value);
  }
}

function answerError(why: string, cause?: unknown): DockerceptionError {
  return new DockerceptionError('engine', 'ENGINE_ANSWER', `reading the engine's answer: ${why}`, {
    cause,
  });
}
