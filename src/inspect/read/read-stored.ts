/** Inspects an image that an engine has built, by its archive. */
import { Readable } from 'node:stream';
import type { StoredImage } from '../../engine/engine.js';
import { DockerceptionError, messageOf } from '../../errors.js';
import { hostPlatform } from '../../image/platform.js';
import { announced, type Report } from '../../progress/events.js';
import { formatBytes } from '../../text/format.js';
import { printable } from '../../text/printable.js';
import type { CheckedImage, CheckOptions } from '../limits.js';
import { readStream } from './read-stream.js';

/** Bytes up to which an image without limits is read: an engine may take longer to export a large one than to build it. */
const MAX_SIZE_UNLIMITED = 100_000_000;

/** Undefined, after a notice, if there are no limits and the image is too large or can't be read. */
export async function inspectStored(
  { id, size = 0, open }: StoredImage,
  { name, context, limits, report, signal }: CheckOptions,
): Promise<CheckedImage | undefined> {
  if (limits === undefined && size > MAX_SIZE_UNLIMITED) {
    const message = `not checked: it has ${formatBytes(size)}; dockerception inspect ${name} does it`;
    report({ kind: 'notice', message });
    return undefined;
  }
  const detector = new StallDetector(size, name, report, signal);
  try {
    const stream = detector.watch(await detector.during(open(detector.signal)));
    const source = { name, stream, complete: Promise.resolve() };
    const options = { target: name || id, context, platform: hostPlatform(), signal };
    return await readStream(source, { ...options, maxSize: limits?.maxSize });
  } catch (error) {
    signal.throwIfAborted();
    // Engine 28 may leave out of archives what it has pulled and not unpacked.
    if (limits !== undefined) throw error;
    report({ kind: 'notice', message: `not checked: ${messageOf(error)}` });
    return undefined;
  } finally {
    detector.stop();
  }
}

/** Milliseconds for an empty image. */
const BASE_TIMEOUT = 30_000;
/** Bytes per millisecond that a slow disk writes: Docker 20.10 stores the whole archive before it sends the first byte. */
const MIN_DISK_SPEED = 5_000;

/** Reports that it waits for an engine, and aborts when the engine sends nothing for too long. */
class StallDetector {
  /** Aborted by the build's signal, or with ENGINE_STALLED of kind engine. */
  readonly signal: AbortSignal;
  readonly #stalled = new AbortController();
  readonly #timeout: number;
  readonly #name: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    size: number,
    name: string,
    private readonly report: Report,
    signal: AbortSignal,
  ) {
    this.#timeout = BASE_TIMEOUT + size / MIN_DISK_SPEED;
    this.#name = printable(name);
    this.signal = AbortSignal.any([signal, this.#stalled.signal]);
  }

  async during<T>(work: Promise<T>): Promise<T> {
    this.#timer = setTimeout(() => this.#stalled.abort(this.#error()), this.#timeout);
    const message = `checking ${this.#name}: waiting for the engine to send the image`;
    try {
      return await announced(work, this.report, message);
    } finally {
      clearTimeout(this.#timer);
    }
  }

  /** Returns the stream, which is destroyed when the engine stalls, but not when the reader does. */
  watch(stream: Readable): Readable {
    // Errors before the first read are reported by the iterator.
    stream.on('error', () => undefined);
    const stop = (): void => void stream.destroy(this.signal.reason as Error);
    this.signal.addEventListener('abort', stop, { once: true });
    return Readable.from(this.#chunks(stream), { objectMode: false }).on('close', () =>
      stream.destroy(),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  async *#chunks(stream: Readable): AsyncGenerator<Buffer> {
    const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    for (;;) {
      const next = await this.during(iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  #error(): DockerceptionError {
    const seconds = Math.round(this.#timeout / 1000);
    const message = `checking ${this.#name}: the engine sent nothing for ${seconds} s`;
    const hint = 'see the engine’s own log, then try again';
    return new DockerceptionError('engine', 'ENGINE_STALLED', message, { hint });
  }
}
