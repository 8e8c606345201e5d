/**
 * Finds the manifest and the configuration of an image (OCI distribution-spec, "Pulling manifests"). A tag is always
 * requested from the registry, a digest only if the cache doesn't have it.
 */
import { readFile } from 'node:fs/promises';
import { DockerceptionError } from '../../errors.js';
import { type BlobCache, wrongBytes } from '../blob-cache.js';
import { type ImageConfig, parseConfig } from '../config.js';
import type { Descriptor, Platform } from '../descriptor.js';
import { digestOf } from '../digest.js';
import { invalidDocument, MAX_DOCUMENT } from '../document.js';
import {
  checkImage,
  type Document,
  type Manifest,
  MANIFEST_TYPES,
  parseDocument,
} from '../manifest.js';
import { choosePlatform, normalisePlatform, unknownPlatform } from '../platform.js';
import { familiarReference, type Reference } from '../reference.js';
import { clientFor, isStatus, type RegistryClient } from './client.js';
import { download } from './download.js';
import { ContentFailure } from './errors.js';
import { readBody } from './http.js';
import type { RegistrySettings } from './settings.js';
import { Transfers } from './transfers.js';

/** Indexes that may refer to another index. */
const MAX_DEPTH = 3;

/** Settings with a cache, which the caller closes. */
export interface PullSettings extends RegistrySettings {
  readonly cache: BlobCache;
}

/** An image without its layers. */
export interface ResolvedImage {
  readonly reference: Reference;
  /** Of the manifest, with the platform of the configuration. */
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

/**
 * Finds an image and reads its manifest and its configuration, but none of its layers.
 *
 * @throws DockerceptionError of kind build: REGISTRY_NOT_FOUND, PLATFORM_UNKNOWN, IMAGE_INVALID,
 *   IMAGE_SCHEMA_1; of kind engine: BLOB_DIGEST, and those of {@link RegistryClient.attempt}.
 */
export async function resolveImage(
  reference: Reference,
  platform: Platform,
  settings: PullSettings,
): Promise<ResolvedImage> {
  const client = clientFor(reference.registry, settings);
  const name = `loading metadata for ${familiarReference(reference)}`;
  const transfers = new Transfers(client.settings.report, name);
  return transfers.during(() => resolve(client, reference, platform, settings.cache, transfers));
}

async function resolve(
  client: RegistryClient,
  reference: Reference,
  platform: Platform,
  cache: BlobCache,
  transfers: Transfers,
): Promise<ResolvedImage> {
  const name = familiarReference(reference);
  const doing = `pulling ${name}`;
  const { repository, tag = 'latest', digest } = reference;
  const documents = new DocumentReader(client, repository, cache, name);
  let found = await (digest === undefined ? documents.byTag(tag) : documents.byDigest(digest));
  for (let depth = 0; depth < MAX_DEPTH && found.document.kind === 'index'; depth++) {
    const { manifests } = found.document.index;
    const chosen = choosePlatform(manifests, platform);
    if (chosen === undefined) throw unknownPlatform(manifests, platform, doing);
    found = await documents.byDigest(chosen.digest, chosen);
  }
  if (found.document.kind !== 'manifest')
    throw invalidDocument(doing, 'its index leads to other indexes');
  const { manifest } = found.document;
  checkImage(manifest, name);
  const { config: blob, layers } = manifest;
  if (blob.size > MAX_DOCUMENT)
    throw invalidDocument(
      doing,
      `its configuration has ${blob.size} bytes, more than ${MAX_DOCUMENT}`,
    );
  const path = await download(cache, { client, repository, blob, doing, transfers });
  const config = parseConfig(await readFile(path), layers.length, name);
  const { os, architecture, variant } = normalisePlatform(config);
  const own = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  const descriptor = { ...found.descriptor, platform: own };
  return { reference, descriptor, manifest, config };
}

interface FoundDocument {
  readonly document: Document;
  readonly descriptor: Descriptor;
}

/** Reads and verifies the manifests and indexes of one repository. */
class DocumentReader {
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

  async byTag(tag: string): Promise<FoundDocument> {
    const { bytes, type, expected } = await this.#fetch(tag);
    const digest = digestOf(bytes);
    if (expected?.startsWith('sha256:') && expected !== digest)
      throw new DockerceptionError(
        'engine',
        'BLOB_DIGEST',
        `reading the manifest of ${this.#name}: the registry says ${expected}, its bytes are ${digest}`,
      );
    return this.#keep(bytes, type, digest);
  }

  /** @param known its descriptor in an index */
  async byDigest(digest: string, known?: Descriptor): Promise<FoundDocument> {
    const doing = `reading the manifest of ${this.#name}`;
    if (known && known.size > MAX_DOCUMENT)
      throw invalidDocument(doing, `it has ${known.size} bytes, more than ${MAX_DOCUMENT}`);
    const cached = await this.#cache.findDocument(digest, MAX_DOCUMENT);
    if (cached) return this.#parse(cached, known?.mediaType ?? '', digest);
    const { bytes, type } = await this.#fetch(digest);
    const { length } = bytes;
    const size = known?.size ?? length;
    if (digestOf(bytes, digest) !== digest || size !== length)
      throw wrongBytes({ digest, size }, length, doing);
    return this.#keep(bytes, type, digest);
  }

  async #keep(bytes: Buffer, type: string, digest: string): Promise<FoundDocument> {
    await this.#cache.obtain({ digest, size: bytes.length }, (file) => file.write(bytes));
    return this.#parse(bytes, type, digest);
  }

  #parse(bytes: Buffer, type: string, digest: string): FoundDocument {
    const document = parseDocument(bytes, type, this.#name);
    const { mediaType } = document;
    return { document, descriptor: { mediaType, digest, size: bytes.length } };
  }

  /** `expected` is the digest in the registry's answer. */
  async #fetch(
    tag: string,
  ): Promise<{ readonly bytes: Buffer; readonly type: string; readonly expected?: string }> {
    const doing = `pulling ${this.#name}`;
    const request = {
      method: 'GET',
      path: `v2/${this.#repository}/manifests/${tag}`,
      headers: { Accept: MANIFEST_TYPES.join(', ') },
      scopes: [`repository:${this.#repository}:pull`],
    } as const;
    return this.#client.attempt(doing, this.#repository, async () => {
      const answer = await this.#client.send(request, [200]).catch((error: unknown) => {
        if (!isStatus(error, 404)) throw error;
        throw new DockerceptionError(
          'build',
          'REGISTRY_NOT_FOUND',
          `${doing}: ${this.#client.registry} has no such image or tag`,
          { cause: error },
        );
      });
      const bytes = await readBody(answer, MAX_DOCUMENT);
      const {
        'content-length': length,
        'content-type': type = '',
        'docker-content-digest': expected,
      } = answer.headers;
      if (length !== undefined && Number(length) !== bytes.length)
        throw new ContentFailure('the manifest came in part', true);
      return { bytes, type, ...(typeof expected === 'string' && { expected }) };
    });
  }
}
