/**
 * SHA-256 of large data on a thread: without instructions for it (some 350 MB/s), hashing a layer takes as long as
 * everything else. A thread takes some 30 ms and 16 MB.
 */
import { createHash } from 'node:crypto';
import type { Worker } from 'node:worker_threads';
import { programThread } from '../files/program-file.js';

/** Bytes for which a thread is faster, without and with instructions for SHA-256. */
const [LARGE, LARGE_IF_FAST] = [24 << 20, 256 << 20];
/** Bytes that are hashed as a trial, and the milliseconds that this takes without instructions. */
const [TRIAL, SLOW] = [256 << 10, 0.4];
/** Bytes of a message to the thread, and the number of pending messages. */
const PIECE = 512 << 10;
const PIECES = 6;

/** Hashes data in order. Its creator closes it. */
export interface Hasher {
  /** The caller may reuse the chunk when this settles. */
  update(chunk: Buffer): Promise<void> | undefined;
  /** `sha256:` and 64 hexadecimal digits. */
  digest(): Promise<string>;
  /** The CRC-32 of the data, if a thread has the time for it; may be called before or after `digest`. */
  readonly checksum?: (() => Promise<number>) | undefined;
  close(): void;
}

/**
 * @param expected the most bytes, if known
 * @param hasChecksum whether the CRC-32 is wanted as well
 */
export function hasherFor(expected = 0, hasChecksum = false): Hasher {
  const isInline = expected < LARGE || (expected < LARGE_IF_FAST && isFast());
  return isInline ? inlineHasher() : new ThreadHasher(hasChecksum);
}

/** Hashes nothing: the digest of the data is known. */
export function knownDigest(digest: string): Hasher {
  return { update: () => undefined, digest: () => Promise.resolve(digest), close: () => {} };
}

let fast: boolean | undefined;

/** Whether the processor has instructions for SHA-256. */
function isFast(): boolean {
  if (fast === undefined) {
    const block = Buffer.alloc(TRIAL);
    // Another process may interrupt a trial.
    const trials = [0, 1, 2].map(() => {
      const started = performance.now();
      createHash('sha256').update(block).digest();
      return performance.now() - started;
    });
    fast = Math.min(...trials) < SLOW;
  }
  return fast;
}

function inlineHasher(): Hasher {
  const hash = createHash('sha256');
  return {
    update(chunk): undefined {
      hash.update(chunk);
    },
    digest: () => Promise.resolve(`sha256:${hash.digest('hex')}`),
    close: () => {},
  };
}

interface Digests {
  readonly digest: string;
  readonly checksum: number;
}

class ThreadHasher implements Hasher {
  readonly checksum: Hasher['checksum'];
  readonly #memory = new SharedArrayBuffer(PIECE * PIECES);
  readonly #bytes = Buffer.from(this.#memory);
  readonly #worker: Worker;
  readonly #free = Array.from({ length: PIECES }, (_, index) => index * PIECE);
  #digests: Digests | undefined;
  #ending: Promise<Digests> | undefined;
  #failed: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(hasChecksum: boolean) {
    this.#worker = programThread(new URL('./hash-thread.js', import.meta.url), {
      // Offsets are posted, since a copy of a view counts as all of the memory.
      workerData: { memory: this.#memory, hasChecksum },
    });
    if (hasChecksum) this.checksum = async () => (await this.#end()).checksum;
    this.#worker.on('message', (answer: number | Digests) => {
      if (typeof answer === 'number') this.#free.push(answer);
      else this.#digests = answer;
      this.#wake();
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', () => this.#fail(new Error('the thread that hashes has ended')));
  }

  update(chunk: Buffer): Promise<void> | undefined {
    return chunk.length <= PIECE && this.#free.length > 0 ? this.#give(chunk) : this.#wait(chunk);
  }

  async digest(): Promise<string> {
    return `sha256:${(await this.#end()).digest}`;
  }

  close(): void {
    void this.#worker.terminate();
  }

  #end(): Promise<Digests> {
    return (this.#ending ??= this.#receive());
  }

  async #receive(): Promise<Digests> {
    this.#worker.postMessage([0, 0]);
    while (this.#digests === undefined) await this.#answer();
    return this.#digests;
  }

  #give(piece: Buffer): undefined {
    if (piece.length === 0) return;
    const at = this.#free.pop() as number;
    piece.copy(this.#bytes, at);
    this.#worker.postMessage([at, piece.length]);
  }

  async #wait(chunk: Buffer): Promise<void> {
    for (let from = 0; from < chunk.length; from += PIECE) {
      while (this.#free.length === 0) await this.#answer();
      this.#give(chunk.subarray(from, from + PIECE));
    }
  }

  #answer(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = () => (this.#failed === undefined ? resolve() : reject(this.#failed));
      if (this.#failed !== undefined) this.#wake();
    });
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    this.#wake();
  }
}
