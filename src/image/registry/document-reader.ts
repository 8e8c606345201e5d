/**
 * Fetches manifests and indexes of a repository (OCI distribution-spec, "Pulling manifests"), and checks
 * that they have the digest they are known by. What is asked for by its digest may come from the cache.
 */
import { DockerceptionError } from '../../errors.js';
import type { BlobCache } from '../blob-cache.js';
import type { Descriptor, Platform } from '../descriptor.js';
import { digestOf } from '../digest.js';
import { type Document, MANIFEST_TYPES, parseDocument } from '../document.js';
import { wrongBytes } from '../partial-blob.js';
import { choosePlatform, unknownPlatform } from '../platform.js';
import { readBody } from './answer.js';
import { isStatus, type RegistryClient } from './client.js';
import { ContentFailure } from './failure.js';

/** Bytes that a manifest, an index or a configuration may have; the specification's advice is 4 MiB. */
export const MAX_DOCUMENT = 4 << 20;

/** A document, and how it is known. */
export interface Found {
  readonly document: Document;
  readonly descriptor: Descriptor;
}

/** Reads the documents of one repository. */
export class DocumentReader {
  readonly #client: RegistryClient;
  readonly #repository: string;
  readonly #cache: BlobCache;
  readonly #name: string;

  constructor(client: RegistryClient, repository: string, cache: BlobCache, name: string) {
    this.#client = client;
    this.#repository = repository;
    this.#cache = cache;
    this.#name = name;
  }

  async byTag(tag: string): Promise<Found> {
    const { bytes, type, told } = await this.#get(tag);
    const digest = digestOf(bytes);
    if (told?.startsWith('sha256:') && told !== digest)
      throw new DockerceptionError(
        'engine',
        'BLOB_DIGEST',
        `reading the manifest of ${this.#name}: the registry says ${told}, its bytes are ${digest}`,
      );
    await this.#keep(digest, bytes);
    return this.#found(bytes, type, digest);
  }

  /** @param size when it is known, from an index. */
  async byDigest(digest: string, known?: Descriptor): Promise<Found> {
    if (known && known.size > MAX_DOCUMENT)
      throw new DockerceptionError(
        'build',
        'IMAGE_INVALID',
        `reading the manifest of ${this.#name}: it has ${known.size} bytes, more than ${MAX_DOCUMENT}`,
      );
    const cached = await this.#cache.findDocument(digest, MAX_DOCUMENT);
    if (cached) return this.#found(cached, known?.mediaType ?? '', digest);
    const { bytes, type } = await this.#get(digest);
    if (digestOf(bytes, digest) !== digest || (known && known.size !== bytes.length))
      throw wrongBytes(
        { digest, size: known?.size ?? bytes.length },
        bytes.length,
        `reading the manifest of ${this.#name}`,
      );
    await this.#keep(digest, bytes);
    return this.#found(bytes, type, digest);
  }

  /** The manifest of an index that fits a platform. */
  async chosen(document: Extract<Document, { kind: 'index' }>, wanted: Platform): Promise<Found> {
    const { manifests } = document.index;
    const chosen = choosePlatform(manifests, wanted);
    if (chosen) return this.byDigest(chosen.digest, chosen);
    throw unknownPlatform(manifests, wanted, `pulling ${this.#name}`);
  }

  #found(bytes: Buffer, type: string, digest: string): Found {
    const document = parseDocument(bytes, type, this.#name);
    const { mediaType } = document;
    return { document, descriptor: { mediaType, digest, size: bytes.length } };
  }

  async #keep(digest: string, bytes: Buffer): Promise<void> {
    await this.#cache.obtain({ digest, size: bytes.length }, (file) => file.write(bytes));
  }

  async #get(
    reference: string,
  ): Promise<{ readonly bytes: Buffer; readonly type: string; readonly told: string | undefined }> {
    const doing = `pulling ${this.#name}`;
    return this.#client.attempt(doing, this.#repository, async () => {
      const answer = await this.#client
        .send(
          {
            method: 'GET',
            path: `v2/${this.#repository}/manifests/${reference}`,
            headers: { Accept: MANIFEST_TYPES.join(', ') },
            scopes: [`repository:${this.#repository}:pull`],
          },
          [200],
        )
        .catch((error: unknown) => {
          if (!isStatus(error, 404)) throw error;
          throw new DockerceptionError(
            'build',
            'REGISTRY_NOT_FOUND',
            `${doing}: ${this.#client.registry} has no such image or tag`,
            { cause: error },
          );
        });
      const bytes = await readBody(answer, MAX_DOCUMENT);
      const length = answer.headers['content-length'];
      if (length !== undefined && Number(length) !== bytes.length)
        throw new ContentFailure('the manifest came in part', true);
      const told = answer.headers['docker-content-digest'];
      return {
        bytes,
        type: answer.headers['content-type'] ?? '',
        told: typeof told === 'string' ? told : undefined,
      };
    });
  }
}
