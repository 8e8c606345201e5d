/**
 * A file of a tar that may be an image archive. The manifest, which names the files of an image, often comes
 * last; so every file whose contents look like a document or a layer is read as one. Names are not considered.
 */
import { createHash } from 'node:crypto';
import { recognise } from '../../compression/decompress.js';
import { BLOCK } from '../../tar/block.js';
import { verifiedSum } from '../../tar/header-fields.js';
import { printable } from '../../text/printable.js';
import type { Budget } from './budgets.js';
import type { Wanted } from './layer-contents.js';
import type { Room } from './memory-budget.js';
import { FedStream } from './push-stream.js';
import { type RecordedLayer, recordLayer } from './record-layer.js';

/** Bytes of a document: what registries are advised to take at most (OCI distribution-spec). */
const MAX_DOCUMENT = 4 << 20;
/** `{`, `[` and white space in front of them. */
const JSON_START = /^\s*[{[]/;
/** Bytes that show what a file is: a tar's first header. Chunks may be smaller. */
const START = BLOCK;
/** Bytes of a tar without entries, at most: writers pad it with zeros to a record. */
const MAX_EMPTY_TAR = 1 << 20;
/** What a manifest, an index, a configuration or `oci-layout` contains; other JSON is not retained. */
const IMAGE_MEMBERS = ['architecture', 'layers', 'manifests', 'imageLayoutVersion', 'Config'].map(
  (name) => Buffer.from(`"${name}"`),
);

const ZERO_BLOCK = Buffer.alloc(BLOCK);

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
  #isCandidate = true;
  #start = Buffer.alloc(0);
  #isKnown = false;
  #document: Buffer[] | undefined;
  #stream: FedStream | undefined;
  #layer: Promise<{ layer: RecordedLayer } | { failure: unknown }> | undefined;

  constructor(options: BlobOptions) {
    this.#options = options;
  }

  /** False for a file that is neither a document nor a layer. */
  get isCandidate(): boolean {
    return this.#isCandidate;
  }

  write(bytes: Buffer): void {
    if (!this.#isCandidate) return;
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

  /** Ends the file; undefined when it turned out to be another kind of JSON. */
  async end(): Promise<PassedBlob | undefined> {
    this.#stream?.end();
    const digest = `sha256:${this.#hash.digest('hex')}`;
    const known = { digest, size: this.#options.size, head: this.#start };
    if (this.#document !== undefined) {
      const document = Buffer.concat(this.#document);
      return IMAGE_MEMBERS.some((name) => document.includes(name))
        ? { ...known, document }
        : undefined;
    }
    return { ...known, ...(await this.#layer) };
  }

  /** The archive broke off. */
  destroy(): void {
    this.#stream?.destroy();
  }

  #pass(bytes: Buffer): void {
    if (!this.#isCandidate) return;
    this.#hash.update(bytes);
    this.#document?.push(Buffer.from(bytes));
    this.#stream?.feed(bytes);
  }

  #recognise(start: Buffer): void {
    const { path, size, budget, room, documents, signal, wanted } = this.#options;
    if (JSON_START.test(start.toString('latin1')) && documents.take(size)) {
      this.#document = [];
      return;
    }
    if (!isLayer(start, size)) {
      this.#isCandidate = false;
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

/** Whether a file starts as a tar does, or as a compressed one may. */
function isLayer(start: Buffer, size: number): boolean {
  if (recognise(start) !== undefined) return true;
  if (start.length < BLOCK) return false;
  return verifiedSum(start, 0) !== -1 || (size <= MAX_EMPTY_TAR && start.equals(ZERO_BLOCK));
}
