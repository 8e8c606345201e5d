/** A stream of pieces that are pulled one at a time. Unlike `Readable.from`, it can be destroyed while one is awaited. */
import { Readable } from 'node:stream';

type Next = IteratorResult<Uint8Array, unknown>;

export class PulledStream extends Readable {
  #isPulling = false;
  #hasEnded = false;

  /**
   * @param next returns the next piece, which may be empty
   * @param release called when the stream is destroyed before its end, which waits for it
   */
  constructor(
    private readonly next: () => Next | Promise<Next>,
    private readonly release: (error: Error | null) => unknown,
    highWaterMark?: number,
  ) {
    super({ highWaterMark });
  }

  override _read(): void {
    if (!this.#isPulling) void this.#pull();
  }

  async #pull(): Promise<void> {
    this.#isPulling = true;
    try {
      for (let isWanted = true; isWanted && !this.destroyed;) {
        const { done, value } = await this.next();
        if (this.destroyed) return;
        if (done === true) {
          this.#hasEnded = true;
          this.push(null);
          return;
        }
        // An empty piece isn't the end.
        if (value.length > 0) isWanted = this.push(value);
      }
    } catch (error) {
      this.destroy(error as Error);
    } finally {
      this.#isPulling = false;
    }
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    const done = (): void => callback(error);
    if (this.#hasEnded) done();
    else Promise.resolve(this.release(error)).then(done, done);
  }
}
