/**
 * A sink on a file descriptor, for standard output: it writes at once from the caller's buffer, and
 * waits only when a pipe is full, so that signals are handled while the reader is slow.
 */
import fs from 'node:fs';
import { Socket } from 'node:net';
import tty from 'node:tty';
import { DockerceptionError, systemCode } from '../errors.js';
import { outputFailure } from '../files/write-error.js';
import type { Sink } from './sink.js';

/** Pieces smaller than this are gathered: a system call each would cost more than the copy. */
const SMALL = 16 * 1024;
const BATCH = 64 * 1024;
/** Milliseconds that a process waits for its reader after a signal. */
const PATIENCE = 1000;

export class DescriptorSink implements Sink {
  readonly #name: string;
  readonly #descriptor: number;
  /** Opened here, and to be closed here. */
  readonly #isOwn: boolean;
  /** A socket can't be opened again without blocking: then all bytes go through Node's stream. */
  readonly #direct: boolean;
  readonly #batch = Buffer.allocUnsafeSlow(BATCH);
  #batched = 0;
  /** Bytes that a full pipe didn't accept, in order: those of the batch, and the caller's own. */
  #queue: Buffer[] = [];
  #draining: Promise<void> | undefined;
  #socket: Socket | undefined;
  #failed: Error | undefined;
  #isClosed = false;

  /** @param name the name in messages */
  constructor(descriptor: number, name: string) {
    this.#name = name;
    const stat = fs.fstatSync(descriptor);
    this.#direct = !stat.isSocket();
    this.#descriptor = stat.isFIFO() ? openAnew(descriptor) : descriptor;
    this.#isOwn = this.#descriptor !== descriptor;
  }

  write(bytes: Buffer): void {
    if (this.#failed !== undefined) return;
    if (this.#isWaiting || bytes.length >= SMALL) {
      this.#flush();
      this.#put(bytes);
    } else {
      if (this.#batched + bytes.length > BATCH) this.#flush();
      this.#batched += bytes.copy(this.#batch, this.#batched);
    }
  }

  ready(): Promise<void> | undefined {
    if (this.#failed !== undefined) return Promise.reject(this.#failed);
    this.#flush();
    if (!this.#isWaiting) return undefined;
    return (this.#draining ??= this.#drain());
  }

  async end(): Promise<void> {
    await this.ready();
    this.#close();
  }

  destroy(error: Error, last?: Buffer): void {
    if (this.#failed !== undefined || this.#isClosed || last === undefined) {
      this.#failed ??= error;
      this.#close();
      return;
    }
    let leaving: Promise<void> | undefined;
    try {
      this.write(last);
      leaving = this.ready();
    } catch {
      // The output is broken, too: the first error counts.
    }
    this.#failed = error;
    if (leaving === undefined) return this.#close();
    const timer = isSignal(error) ? setTimeout(() => this.#close(), PATIENCE) : undefined;
    timer?.unref();
    void leaving
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(timer);
        this.#close();
      });
  }

  get #isWaiting(): boolean {
    return this.#queue.length > 0 || this.#draining !== undefined;
  }

  #flush(): void {
    const batched = this.#batched;
    this.#batched = 0;
    // Queued bytes of the batch are written before it is filled again: until then no piece is batched.
    if (batched > 0) this.#put(this.#batch.subarray(0, batched));
  }

  #put(bytes: Buffer): void {
    let from = 0;
    if (this.#direct && !this.#isWaiting) {
      try {
        while (from < bytes.length) {
          from += fs.writeSync(this.#descriptor, bytes, from, bytes.length - from);
        }
      } catch (error) {
        if (systemCode(error) !== 'EAGAIN') throw this.#failure(error);
      }
    }
    if (from < bytes.length) this.#queue.push(bytes.subarray(from));
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) await this.#send(this.#queue.splice(0));
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#draining = undefined;
    }
  }

  #send(pieces: readonly Buffer[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = (this.#socket ??= this.#open());
      const closed = (): void => reject(new Error('it was closed'));
      socket.once('close', closed);
      let left = pieces.length;
      const written = (error?: Error | null): void => {
        if (error != null) reject(error);
        // Node reports a write that was cancelled by `destroy` without an error.
        else if (socket.destroyed) closed();
        else if (--left === 0) resolve();
        else return;
        socket.off('close', closed);
      };
      socket.cork();
      for (const piece of pieces) socket.write(piece, written);
      socket.uncork();
    });
  }

  #open(): Socket {
    const socket = tty.isatty(this.#descriptor)
      ? new tty.WriteStream(this.#descriptor)
      : new Socket({ fd: this.#descriptor, readable: false, writable: true });
    // The write's callback has the error; without a listener it would end the process.
    socket.on('error', () => undefined);
    return socket;
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    this.#batched = 0;
    if (this.#socket !== undefined) this.#socket.destroy();
    else if (this.#isOwn) fs.closeSync(this.#descriptor);
  }

  /** The first failure is kept; later writes do nothing. */
  #failure(cause: unknown): Error {
    return (this.#failed ??= outputFailure(this.#name, cause) as Error);
  }
}

function isSignal(error: Error): boolean {
  return error instanceof DockerceptionError && ['interrupted', 'terminated'].includes(error.kind);
}

/**
 * The same pipe with a file status of its own: setting it to non-blocking must not affect the
 * descriptor that other processes of the shell share.
 */
function openAnew(descriptor: number): number {
  try {
    const { O_WRONLY, O_NONBLOCK } = fs.constants;
    return fs.openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK);
  } catch {
    // No /proc, or another user's pipe: a write blocks while the pipe is full.
    return descriptor;
  }
}
