/** Readers of every speed, and sinks of every kind whose readers they are. */
import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescriptorSink } from '../../src/sink/descriptor.js';
import type { EntrySink, Sink } from '../../src/sink/sink.js';
import { StreamSink } from '../../src/sink/stream.js';
import { END_OF_ARCHIVE } from '../../src/tar/writer.js';
import { openPipe, type Place } from './sources.js';

/** Waits before the read with this number; undefined where it doesn't. */
export type Pace = (read: number) => Promise<unknown> | undefined;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const PACES: Readonly<Record<string, Pace>> = {
  fast: () => undefined,
  slow: () => turn(),
  stalling: (read) => (read === 0 || read === 20 ? sleep(25) : undefined),
  bursting: (read) => (read % 10 === 0 ? sleep(3) : undefined),
};

const PIECE = 4096;

/** A sink that was opened, and what its reader gets. */
interface OpenedSink {
  readonly sink: Sink;
  /** Called when the sink was ended: resolves with all that was read. */
  readonly read: () => Promise<Buffer>;
}

export type OpenSink = (place: Place, pace: Pace) => OpenedSink;

async function readPipe(fd: number, pace: Pace): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let read = 0; ;) {
    await pace(read);
    const buffer = Buffer.alloc(PIECE);
    try {
      const length = fs.readSync(fd, buffer);
      if (length === 0) break;
      parts.push(buffer.subarray(0, length));
      read++;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await turn();
    }
  }
  fs.closeSync(fd);
  return Buffer.concat(parts);
}

async function readStream(stream: Readable, pace: Pace): Promise<Buffer> {
  const parts: Buffer[] = [];
  let read = 0;
  for await (const chunk of stream) {
    await pace(read++);
    parts.push(chunk as Buffer);
  }
  return Buffer.concat(parts);
}

const pipe: OpenSink = ({ fifo }, pace) => {
  const { reader, writer } = openPipe(fifo());
  const sink = new DescriptorSink(writer, 'the pipe');
  const reading = readPipe(reader, pace);
  return {
    sink,
    read: () => {
      fs.closeSync(writer);
      return reading;
    },
  };
};

const file: OpenSink = ({ folder }) => {
  const path = `${folder}/output`;
  const fd = fs.openSync(path, 'w');
  return {
    sink: new DescriptorSink(fd, 'the file'),
    read: () => {
      fs.closeSync(fd);
      return Promise.resolve(fs.readFileSync(path));
    },
  };
};

const stream: OpenSink = (_place, pace) => {
  const sink = new StreamSink();
  const reading = readStream(sink.stream, pace);
  return { sink, read: () => reading };
};

/** Keeps the bytes that it was given, not copies, for as long as the contract allows. */
class HoldingSink implements Sink {
  readonly #pace: Pace;
  readonly #held: Buffer[] = [];
  readonly taken: Buffer[] = [];
  #reads = 0;
  #waiting: Promise<void> | undefined;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  write(bytes: Buffer): void {
    this.#held.push(bytes);
  }

  ready(): Promise<void> | undefined {
    if (this.#held.length === 0) return undefined;
    return (this.#waiting ??= this.#take());
  }

  async end(): Promise<void> {
    await this.ready();
  }

  destroy(error: Error): void {
    throw error;
  }

  async #take(): Promise<void> {
    await turn();
    await this.#pace(this.#reads++);
    for (const bytes of this.#held.splice(0)) this.taken.push(Buffer.from(bytes));
    this.#waiting = undefined;
  }
}

const holding: OpenSink = (_place, pace) => {
  const sink = new HoldingSink(pace);
  return { sink, read: () => Promise.resolve(Buffer.concat(sink.taken)) };
};

/** All that get a tar, by name. */
export const SINKS: Readonly<Record<string, OpenSink>> = {
  'a descriptor of a pipe': pipe,
  'a descriptor of a file': file,
  'a stream': stream,
  'a sink that copies nothing': holding,
};

/** Overwrites the bytes as soon as the sink has no more use for them, as the next read into a reused buffer does. */
export class PoisoningSink implements Sink {
  readonly #sink: Sink;
  #written: Buffer[] = [];

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  write(bytes: Buffer): void {
    this.#sink.write(bytes);
    // A constant is written by every pipeline.
    if (bytes !== END_OF_ARCHIVE) this.#written.push(bytes);
  }

  ready(): Promise<void> | undefined {
    const waiting = this.#sink.ready();
    if (waiting === undefined) this.#poison();
    return waiting?.then(() => this.#poison());
  }

  end(): Promise<void> {
    return this.#sink.end();
  }

  destroy(error: Error, last?: Buffer): void {
    this.#sink.destroy(error, last);
  }

  #poison(): void {
    for (const bytes of this.#written.splice(0)) bytes.fill('poison');
  }
}

/** An entry sink that can't accept the next chunk at once; its text is every entry and its content. */
export class PacedEntries implements EntrySink {
  readonly entries: EntrySink['entries'];
  readonly #parts: Buffer[] = [];
  readonly #pace: Pace;
  #reads = 0;

  constructor(pace: Pace) {
    this.#pace = pace;
    this.entries = {
      entry: (entry) => void this.#parts.push(Buffer.from(`\n${entry.pathBytes.toString()}: `)),
      data: (bytes) => void this.#parts.push(Buffer.from(bytes)),
      hole: (length) => void this.#parts.push(Buffer.alloc(length)),
    };
  }

  get text(): Buffer {
    return Buffer.concat(this.#parts);
  }

  ready(): Promise<void> | undefined {
    return this.#pace(this.#reads++)?.then(() => undefined);
  }
}
