/**
 * A file of a tar that may be an image archive. It is read as a document or a layer if its bytes look like one, since the
 * manifest, which names the files of an image, often comes last. Its name is not considered.
 */
import { createHash, type Hash } from 'node:crypto';
import { recognise } from '../../compression/decompress.js';
import { MAX_DOCUMENT } from '../../image/document.js';
import { PushStream } from '../../sink/stream.js';
import { BLOCK } from '../../tar/block.js';
import { verifiedSum } from '../../tar/header-fields.js';
import { printable } from '../../text/printable.js';
import { type ReadContext, type RecordedLayer, recordLayer } from './record-layer.js';

const MAX_DOCUMENTS = 64 << 20;
const JSON_START = /^\s*[{[]/;
/** Bytes of a tar without entries: writers pad it with zeros to a record. */
const MAX_EMPTY_TAR = 1 << 20;
/** Members of a manifest, an index, a configuration or `oci-layout`; other JSON is not retained. */
const IMAGE_MEMBERS = ['architecture', 'layers', 'manifests', 'imageLayoutVersion', 'Config'].map(
  (name) => Buffer.from(`"${name}"`),
);
/** Bytes of a layer that are buffered for its reader. */
const LAYER_BUFFER = 1 << 20;
const ZERO_BLOCK = Buffer.alloc(BLOCK);

/** Bounds the bytes of all documents that are retained of an archive. */
export class DocumentQuota {
  #left = MAX_DOCUMENTS;

  /** Whether a document of this size may be retained; if so, it is counted. */
  reserve(size: number): boolean {
    if (size > Math.min(MAX_DOCUMENT, this.#left)) return false;
    this.#left -= size;
    return true;
  }
}

export interface ScannedBlob {
  /** `sha256:…` */
  readonly digest: string;
  readonly size: number;
  /** The first block, which shows the compression. */
  readonly head: Buffer;
  /** The whole content, if it may be JSON. */
  readonly document?: Buffer;
  readonly layer?: RecordedLayer;
  /** The error if it could not be read as a layer. */
  readonly failure?: unknown;
}

export class BlobReader {
  /** Of a candidate: most files are none. */
  #hash: Hash | undefined;
  #isCandidate = true;
  #head = Buffer.alloc(0);
  #isRecognised = false;
  #document: Buffer[] | undefined;
  #stream: PushStream | undefined;
  #layer: Promise<{ layer: RecordedLayer } | { failure: unknown }> | undefined;

  constructor(
    private readonly path: string,
    private readonly size: number,
    private readonly quota: DocumentQuota,
    private readonly layerContext: () => ReadContext,
  ) {}

  /** False for a file that is neither a document nor a layer. */
  get isCandidate(): boolean {
    return this.#isCandidate;
  }

  write(bytes: Buffer): void {
    if (!this.#isCandidate) return;
    if (this.#isRecognised) {
      this.#forward(bytes);
      return;
    }
    const start = this.#head.length > 0 ? Buffer.concat([this.#head, bytes]) : bytes;
    this.#isRecognised = start.length >= Math.min(BLOCK, this.size);
    if (this.#isRecognised && !this.#recognise(start.subarray(0, BLOCK))) {
      this.#isCandidate = false;
      return;
    }
    this.#head = Buffer.from(this.#isRecognised ? start.subarray(0, BLOCK) : start);
    if (this.#isRecognised) this.#forward(start);
  }

  /** A promise while the layer's reader can't accept more. */
  ready(): Promise<void> | undefined {
    return this.#stream?.ready();
  }

  /** Ends the file; undefined for JSON that doesn't belong to an image. */
  async end(): Promise<ScannedBlob | undefined> {
    this.#stream?.end();
    const hash = this.#hash ?? createHash('sha256');
    const digest = `sha256:${hash.digest('hex')}`;
    const known = { digest, size: this.size, head: this.#head };
    if (this.#document === undefined) return { ...known, ...(await this.#layer) };
    const document = Buffer.concat(this.#document);
    const isOfImage = IMAGE_MEMBERS.some((name) => document.includes(name));
    return isOfImage ? { ...known, document } : undefined;
  }

  /** Called if the archive ends early. */
  destroy(): void {
    this.#stream?.destroy();
  }

  #forward(bytes: Buffer): void {
    this.#hash ??= createHash('sha256');
    this.#hash.update(bytes);
    this.#document?.push(Buffer.from(bytes));
    this.#stream?.feed(bytes);
  }

  /** Whether it is a document or a layer. */
  #recognise(head: Buffer): boolean {
    if (JSON_START.test(head.toString('latin1')) && this.quota.reserve(this.size)) {
      this.#document = [];
      return true;
    }
    if (!isLayer(head, this.size)) return false;
    const stream = (this.#stream = new PushStream(LAYER_BUFFER));
    const [blob, expected] = [this.path, this.size];
    const options = { ...this.layerContext(), name: `layer ${printable(blob)}`, blob, expected };
    this.#layer = recordLayer(stream, options).then(
      (layer) => ({ layer }),
      (failure: unknown) => ({ failure }),
    );
    return true;
  }
}

/** Whether a file starts like a tar, or like a compressed one. */
function isLayer(head: Buffer, size: number): boolean {
  if (recognise(head) !== undefined) return true;
  if (head.length < BLOCK) return false;
  return verifiedSum(head, 0) !== -1 || (size <= MAX_EMPTY_TAR && head.equals(ZERO_BLOCK));
}
