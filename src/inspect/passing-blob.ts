/**
 * A file of an archive on its way: its digest is taken, and as long as nobody knows what it is, it is
 * read as what it looks like, a document or a layer.
 */
import { createHash } from 'node:crypto';
import { printable } from '../tar/printable.js';
import type { Budget } from './budget.js';
import { FedStream } from './fed-stream.js';
import { recordLayer, type RecordedLayer } from './record-layer.js';
import type { Wanted } from './contents.js';
import type { Room } from './room.js';

/** Bytes of a document: what registries are advised to take at most (OCI distribution-spec). */
const MAX_DOCUMENT = 4 << 20;
/** `{`, `[` and white space in front of them. */
const JSON_START = /^\s*[{[]/;
/** Bytes that tell what a file is: chunks may be smaller. */
const START = 64;

/** Bytes of all documents together: an image has a handful, a context as many as it likes. */
const MOST_DOCUMENTS = 64 << 20;

/** How many documents may be kept of one archive. */
export class Documents {
  #left = MOST_DOCUMENTS;

  /** Whether there is room for one more of this size; then it is taken. */
  take(size: number): boolean {
    if (size > Math.min(MAX_DOCUMENT, this.#left)) return false;
    this.#left -= size;
    return true;
  }
}

/** What is known of a file that has passed. */
export interface PassedBlob {
  /** `sha256:…` */
  readonly digest: string;
  readonly size: number;
  /** The first bytes: they tell the compression. */
  readonly head: Buffer;
  /** All of it, where it can be JSON. */
  readonly document?: Buffer;
  readonly layer?: RecordedLayer;
  /** Why it is no layer, where it isn't. */
  readonly failure?: unknown;
}

export interface BlobOptions {
  readonly path: string;
  readonly size: number;
  readonly budget: Budget;
  readonly room: Room;
  readonly documents: Documents;
  readonly signal: AbortSignal;
  readonly wanted?: Wanted | undefined;
}

export class PassingBlob {
  readonly #options: BlobOptions;
  readonly #hash = createHash('sha256');
  #start = Buffer.alloc(0);
  #isKnown = false;
  #document: Buffer[] | undefined;
  #stream: FedStream | undefined;
  #layer: Promise<{ layer: RecordedLayer } | { failure: unknown }> | undefined;

  constructor(options: BlobOptions) {
    this.#options = options;
  }

  write(bytes: Buffer): void {
    this.#hash.update(bytes);
    if (this.#isKnown) {
      this.#pass(bytes);
      return;
    }
    const start = (this.#start = Buffer.concat([this.#start, bytes]));
    if (start.length < Math.min(START, this.#options.size)) return;
    this.#isKnown = true;
    this.#start = start.subarray(0, START);
    this.#recognise(this.#start);
    this.#pass(start);
  }

  /** A promise while the layer's reader is behind. */
  ready(): Promise<void> | undefined {
    return this.#stream?.ready();
  }

  /** There is no more of it. */
  async end(): Promise<PassedBlob> {
    this.#stream?.end();
    const digest = `sha256:${this.#hash.digest('hex')}`;
    const known = { digest, size: this.#options.size, head: this.#start };
    if (this.#document !== undefined) return { ...known, document: Buffer.concat(this.#document) };
    return { ...known, ...(await this.#layer) };
  }

  /** The archive broke off. */
  destroy(): void {
    this.#stream?.destroy();
  }

  #pass(bytes: Buffer): void {
    this.#document?.push(Buffer.from(bytes));
    this.#stream?.feed(bytes);
  }

  #recognise(start: Buffer): void {
    const { path, size, budget, room, documents, signal, wanted } = this.#options;
    if (JSON_START.test(start.toString('latin1')) && documents.take(size)) {
      this.#document = [];
      return;
    }
    const stream = (this.#stream = new FedStream());
    const name = `layer ${printable(path)}`;
    this.#layer = recordLayer(stream, {
      name,
      blob: path,
      budget,
      room,
      signal,
      wanted,
      expected: size,
    }).then(
      (layer) => ({ layer }),
      (failure: unknown) => ({ failure }),
    );
  }
}
