/** The bytes of a descriptor as a stream. `drain` reads pipes, sockets and files through one reused buffer. */
import fs from 'node:fs';
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Readable } from 'node:stream';
import { DirectStream } from './drain.js';

/** The capacity of a pipe on Linux: a read returns no more. */
const PIPE_READ = 64 * 1024;
const FILE_READ = 256 * 1024;

/** @param closes whether to close the descriptor with the stream; that of a pipe or socket is always closed */
export function openDescriptor(descriptor: number, closes: boolean): Readable {
  const stat = fs.fstatSync(descriptor);
  if (stat.isFIFO() || stat.isSocket()) return new PipeStream(descriptor);
  if (stat.isFile()) return new FileStream(descriptor, closes);
  return fs.createReadStream('', { fd: descriptor, autoClose: closes });
}

/** A pipe or a socket. */
class PipeStream extends DirectStream {
  readonly #buffer = Buffer.allocUnsafeSlow(PIPE_READ);
  #socket: Socket | undefined;

  constructor(private readonly descriptor: number) {
    super({ highWaterMark: PIPE_READ });
  }

  protected override fill(): void {
    this.#socket ??= this.#open();
    this.#socket.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket?.destroy();
    callback(error);
  }

  #open(): Socket {
    // The constructor accepts `onread` as well; the types have it for `connect` only.
    const options: SocketConstructorOpts & ConnectOpts = {
      fd: this.descriptor,
      readable: true,
      writable: false,
      onread: {
        buffer: this.#buffer,
        callback: (bytes, buffer) => this.deliver((buffer as Buffer).subarray(0, bytes)),
      },
    };
    const socket = new Socket(options);
    socket.on('error', (error) => this.destroy(error));
    socket.on('end', () => this.push(null));
    return socket;
  }
}

/**
 * A regular file. It is read synchronously, one chunk in a turn of the event loop: with the kernel's read-ahead, a read in
 * Node's thread pool takes longer than most of these do.
 */
class FileStream extends DirectStream {
  readonly #buffer = Buffer.allocUnsafeSlow(FILE_READ);
  #turn: NodeJS.Immediate | undefined;

  constructor(
    private readonly descriptor: number,
    private readonly closes: boolean,
  ) {
    super({ highWaterMark: FILE_READ });
  }

  protected override fill(): void {
    this.#turn ??= setImmediate(() => this.#next());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearImmediate(this.#turn);
    if (this.closes) fs.close(this.descriptor, (failure) => callback(error ?? failure));
    else callback(error);
  }

  #next(): void {
    this.#turn = undefined;
    let length;
    try {
      length = fs.readSync(this.descriptor, this.#buffer);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    if (length === 0) this.push(null);
    else if (this.deliver(this.#buffer.subarray(0, length))) this.fill();
  }
}
