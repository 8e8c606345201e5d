/**
 * A pipe or socket that was handed to the process: a Readable like any other, and with `drain` a
 * way to read it through one reused buffer. A gigabyte costs no allocation then.
 */
import { Socket, type ConnectOpts, type SocketConstructorOpts } from 'node:net';
import { Readable } from 'node:stream';

/** What a pipe holds on Linux: a read gives no more. */
const READ = 64 * 1024;

/** Takes a chunk; a promise holds the next one back. The chunk is valid until then. */
export type Consume = (chunk: Buffer, owned: boolean) => Promise<void> | undefined;

export class PipeStream extends Readable {
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafeSlow(READ);
  #socket: Socket | undefined;
  #consume: Consume | undefined;
  #ended = false;

  constructor(descriptor: number) {
    super({ highWaterMark: READ });
    this.#descriptor = descriptor;
  }

  override _read(): void {
    // While `drain` waits for its consumer, nothing may overwrite the buffer.
    if (this.#consume !== undefined) return;
    if (this.#socket === undefined) this.#open();
    else this.#socket.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#socket?.destroy();
    callback(error);
  }

  /** Reads to the end. Rejects with what `consume` throws; the caller destroys the stream. */
  async drain(consume: Consume): Promise<void> {
    for (
      let chunk = this.read() as Buffer | null;
      chunk !== null;
      chunk = this.read() as Buffer | null
    ) {
      await consume(chunk, true);
    }
    if (this.#ended) return;
    await new Promise<void>((resolve, reject) => {
      this.#consume = (chunk, owned) => {
        try {
          return consume(chunk, owned)?.catch(reject);
        } catch (error) {
          reject(error);
          this.#socket?.destroy();
          return undefined;
        }
      };
      this.on('error', reject);
      this.on('end', resolve);
      this.on('close', () => reject(new Error('the stream was closed')));
      this.resume();
      if (this.#socket === undefined) this.#open();
      else this.#socket.resume();
    });
  }

  #open(): void {
    // `onread` is an option of a socket that is constructed, too; its types know it of `connect` alone.
    const options: SocketConstructorOpts & ConnectOpts = {
      fd: this.#descriptor,
      readable: true,
      writable: false,
      onread: {
        buffer: this.#buffer,
        callback: (bytes, buffer) => this.#take(bytes, buffer as Buffer),
      },
    };
    const socket = new Socket(options);
    socket.on('error', (error) => this.destroy(error));
    socket.on('end', () => {
      this.#ended = true;
      this.push(null);
    });
    this.#socket = socket;
    socket.resume();
  }

  /** False stops the reading until `resume`. */
  #take(bytes: number, buffer: Buffer): boolean {
    const chunk = buffer.subarray(0, bytes);
    if (this.#consume === undefined) return this.push(Buffer.from(chunk));
    const wait = this.#consume(chunk, true);
    if (wait === undefined) return true;
    void wait.then(() => this.#socket?.resume());
    return false;
  }
}

/** Reads any Readable to its end, one chunk at a time. Rejects with what `consume` throws. */
export async function drain(stream: Readable, consume: Consume): Promise<void> {
  if (stream instanceof PipeStream) return stream.drain(consume);
  // What has failed while something else was read tells nobody a second time.
  if (stream.errored !== null) throw stream.errored;
  await new Promise<void>((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      try {
        const wait = consume(chunk, false);
        if (wait === undefined) return;
        stream.pause();
        wait.then(() => stream.resume(), reject);
      } catch (error) {
        stream.pause();
        reject(error);
      }
    });
    stream.on('error', reject);
    stream.on('end', resolve);
    stream.on('close', () => reject(new Error('the stream was closed')));
  });
}
