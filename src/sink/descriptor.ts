/**
 * A sink on a file descriptor, made for `filter`: it writes at once from the caller's buffer, and
 * waits only where a pipe is full, so that a signal is still heard while nobody reads.
 */
import fs from 'node:fs';
import { Socket } from 'node:net';
import { DockerceptionError, messageOf, systemCode } from '../errors.js';
import type { Sink } from './sink.js';

/** Pieces smaller than this are gathered: a system call each would cost more than the copy. */
const SMALL = 16 * 1024;
const BATCH = 64 * 1024;

export class DescriptorSink implements Sink {
  readonly #name: string;
  readonly #descriptor: number;
  /** A socket can't be opened anew without blocking: then everything goes through Node's stream. */
  readonly #direct: boolean;
  readonly #batch = Buffer.allocUnsafeSlow(BATCH);
  #batched = 0;
  /** What a full pipe didn't take. */
  #queue: Buffer[] = [];
  #socket: Socket | undefined;
  #failed: Error | undefined;

  /** `name` is what a message calls it. */
  constructor(descriptor: number, name: string) {
    this.#name = name;
    const stat = fs.fstatSync(descriptor);
    this.#direct = !stat.isSocket();
    this.#descriptor = stat.isFIFO() ? openAnew(descriptor) : descriptor;
  }

  write(bytes: Buffer): void {
    if (bytes.length < SMALL) {
      if (this.#batched + bytes.length > BATCH) this.#flush();
      this.#batched += bytes.copy(this.#batch, this.#batched);
    } else {
      this.#flush();
      this.#put(bytes);
    }
  }

  ready(): Promise<void> | undefined {
    this.#flush();
    return this.#queue.length === 0 ? undefined : this.#drain();
  }

  async end(): Promise<void> {
    await this.ready();
    this.#socket?.destroy();
  }

  destroy(error: Error): void {
    this.#failed ??= error;
    this.#queue = [];
    this.#batched = 0;
    this.#socket?.destroy();
  }

  #flush(): void {
    const batched = this.#batched;
    this.#batched = 0;
    if (batched > 0) this.#put(this.#batch.subarray(0, batched));
  }

  #put(bytes: Buffer): void {
    let from = 0;
    if (this.#direct && this.#queue.length === 0) {
      try {
        while (from < bytes.length) {
          from += fs.writeSync(this.#descriptor, bytes, from, bytes.length - from);
        }
      } catch (error) {
        if (systemCode(error) !== 'EAGAIN') throw this.#failure(error);
      }
    }
    if (from < bytes.length) this.#queue.push(Buffer.from(bytes.subarray(from)));
  }

  async #drain(): Promise<void> {
    const bytes = Buffer.concat(this.#queue);
    const socket = (this.#socket ??= this.#open());
    await new Promise<void>((resolve, reject) => {
      const closed = (): void => reject(this.#failed ?? this.#failure(new Error('it was closed')));
      socket.once('close', closed);
      socket.write(bytes, (error) => {
        socket.off('close', closed);
        if (error) reject(this.#failure(error));
        else resolve();
      });
    });
    this.#queue = [];
  }

  #open(): Socket {
    const socket = new Socket({ fd: this.#descriptor, readable: false, writable: true });
    // The write's callback has the error; without a listener it would end the process.
    socket.on('error', () => undefined);
    return socket;
  }

  #failure(cause: unknown): DockerceptionError {
    switch (systemCode(cause)) {
      case 'EPIPE':
      case 'ECONNRESET':
        return new DockerceptionError(
          'output',
          'OUTPUT_CLOSED',
          `writing ${this.#name}: its reader has gone`,
          {
            cause,
            hint: 'look for the error of the next command in the pipeline',
          },
        );
      case 'ENOSPC':
      case 'EDQUOT':
        return new DockerceptionError(
          'output',
          'OUTPUT_FULL',
          `writing ${this.#name}: no space is left`,
          { cause },
        );
      default:
        return new DockerceptionError(
          'output',
          'OUTPUT_FAILED',
          `writing ${this.#name}: ${messageOf(cause)}`,
          {
            cause,
          },
        );
    }
  }
}

/**
 * The same pipe with a file status of its own: not to block there must not touch the descriptor
 * that other processes of the shell share.
 */
function openAnew(descriptor: number): number {
  try {
    const { O_WRONLY, O_NONBLOCK } = fs.constants;
    return fs.openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK);
  } catch {
    // No /proc, or somebody else's pipe: then a write blocks until there is room.
    return descriptor;
  }
}
