/**
 * A cache of compressed layers in `$XDG_CACHE_HOME/dockerception/layers`, or in `layers` of a given folder, so that an unchanged layer is not compressed
 * again. The name of a file has everything but the bytes: diff ID, digest, compressor, and the size of the contents.
 * Processes share it: a file gets its name when it is complete, and is verified while it is read. Failures are notices.
 */
import { createReadStream } from 'node:fs';
import { readdir, rename, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type Compression, compressorId } from '../../compression/compress.js';
import { DockerceptionError, messageOf } from '../../errors.js';
import { keepFolder } from '../../files/make-folder.js';
import { OutputFile } from '../../files/output-file.js';
import { outputFailure } from '../../files/write-error.js';
import { BLOCK } from '../../tar/block.js';
import type { Descriptor } from '../descriptor.js';
import { hashLayer, layerMediaType, type StoredLayer } from '../layer.js';
import type { Blob, BlobSource, BlobStore } from '../store.js';
import { cacheFolder } from './blob-cache.js';

/** Layers with fewer bytes of contents are compressed in no time. */
const MIN_BYTES = 1 << 20;
/** A layer that hardly shrinks is compressed as fast as it is copied. */
const WORTHWHILE = 0.9;
/** The most bytes and files of the cache; those that were not used for longest are removed. */
const MAX_BYTES = 2 ** 31;
const MAX_FILES = 1000;

const CHUNK = 1 << 20;
const NAME = /^([0-9a-f]{64})_([0-9a-f]{64})_(.+?)_(\d+)_([0-9a-f]+)(?:_([0-9a-f]{48}))?$/;
/** Bytes of a file's name. */
const MAX_NAME = 255;

/** Bytes of a large file, whose layer may be written before the context ends. */
export const LARGE_FILE = 8 << 20;
/** Sizes of files are stored modulo this prime, as bits. */
const SIZES = 127;

/** Where a cache is: a folder, or that of an environment. */
interface CachePlace {
  readonly env: NodeJS.ProcessEnv;
  readonly cacheDir?: string | undefined;
}

/** What is known of a layer before its tar is read. */
export interface LayerShape {
  /** Of all contents, and 512 for each entry. */
  readonly bytes: number;
  /** A bit for the size of each large file, in hexadecimal digits. */
  readonly sizes: string;
  /** A digest of all that the bytes of the layer depend on, if it is known. */
  readonly recipe: string | undefined;
}

interface CachedLayer extends LayerShape {
  readonly name: string;
  /** `sha256:…`, both. */
  readonly diffId: string;
  readonly digest: string;
}

/** The layers with one compression. */
export class LayerCache {
  #id: Promise<string> | undefined;
  #layers: Promise<readonly CachedLayer[]> | undefined;

  /** @param notice gets the reason why a layer could not be stored */
  private constructor(
    private readonly folder: string,
    private readonly compression: Compression,
    private readonly notice: (message: string) => void,
  ) {}

  /** The cache of an environment, if it has a place for one. Nothing is read or written yet. */
  static of(
    { env, cacheDir }: CachePlace,
    compression: Compression,
    notice: (message: string) => void,
  ): LayerCache | undefined {
    const folder = cacheFolder('layers', env, cacheDir);
    return folder === undefined || compression.type === 'none'
      ? undefined
      : new LayerCache(folder, compression, notice);
  }

  /** Whether there may be a layer with a large file of this size. */
  async mayHave(size: number): Promise<boolean> {
    const bit = bitOf(size);
    return (await this.#list()).some(({ sizes }) => (BigInt(`0x${sizes}`) & bit) !== 0n);
  }

  /**
   * Copies a layer to the store if it is cached. If its shape is unknown, or its recipe is known, its tar isn't read.
   * @param expected the most bytes of the tar
   * @returns undefined if it isn't cached, or is damaged. Throws what `tar` throws
   */
  async find(
    store: BlobStore,
    shape: LayerShape,
    tar: () => Blob,
    expected: number,
  ): Promise<Omit<StoredLayer, 'size'> | undefined> {
    if (shape.bytes < MIN_BYTES) return undefined;
    const alike = (await this.#list()).filter(
      ({ bytes, sizes }) => bytes === shape.bytes && sizes === shape.sizes,
    );
    if (alike.length === 0) return undefined;
    const { recipe } = shape;
    const known = alike.filter((each) => recipe !== undefined && each.recipe === recipe);
    const found = await this.#copyFirst(known, store);
    if (found !== undefined) return found;
    const { diffId } = await hashLayer(tar(), expected);
    const equal = alike.filter((each) => each.diffId === diffId);
    return this.#copyFirst(equal, store, shape);
  }

  /** Stores a layer that is worth it. Never rejects. */
  async add(
    { descriptor, diffId, size }: StoredLayer,
    shape: LayerShape,
    from: BlobSource,
  ): Promise<void> {
    const isWorthwhile = descriptor.size < size * WORTHWHILE && descriptor.size < MAX_BYTES / 4;
    if (shape.bytes < MIN_BYTES || !isWorthwhile) return;
    try {
      const name = await this.#nameOf(diffId, descriptor.digest, shape);
      keepFolder(this.folder);
      const file = await OutputFile.create(join(this.folder, name), this.folder);
      try {
        await file.writeFrom((await from.open(descriptor)) as Readable & Blob, 0);
        await file.publish();
      } finally {
        await file.close();
      }
      await this.#sweep();
    } catch (error) {
      this.notice(`a layer is not cached: ${messageOf(outputFailure(this.folder, error))}`);
    }
  }

  async #nameOf(diffId: string, digest: string, shape: LayerShape): Promise<string> {
    const compressor = await this.#compressor();
    const name = [hexOf(diffId), hexOf(digest), compressor, shape.bytes, shape.sizes].join('_');
    const whole = shape.recipe === undefined ? name : `${name}_${shape.recipe}`;
    return whole.length > MAX_NAME ? name : whole;
  }

  /** Copies the first of these layers that isn't damaged. @param shape with the recipe by which it is found next time */
  async #copyFirst(
    layers: readonly CachedLayer[],
    store: BlobStore,
    shape?: LayerShape,
  ): Promise<Omit<StoredLayer, 'size'> | undefined> {
    for (const { name, diffId, digest } of layers) {
      const descriptor = await this.#copy({ name, digest }, store);
      if (descriptor === undefined) continue;
      if (shape !== undefined) {
        const wanted = join(this.folder, await this.#nameOf(diffId, digest, shape));
        await rename(join(this.folder, name), wanted).catch(() => undefined);
      }
      return { descriptor, diffId };
    }
    return undefined;
  }

  async #copy(
    { name, digest }: Pick<CachedLayer, 'name' | 'digest'>,
    store: BlobStore,
  ): Promise<Descriptor | undefined> {
    const path = join(this.folder, name);
    try {
      const { size } = await stat(path);
      const mediaType = layerMediaType(this.compression.type);
      const descriptor = { mediaType, digest, size };
      const open = (): Readable => createReadStream(path, { highWaterMark: CHUNK });
      await store.copy(descriptor, { open: () => Promise.resolve(open()) });
      const now = new Date();
      await utimes(path, now, now).catch(() => undefined);
      return descriptor;
    } catch (error) {
      // A full disk fails again when the layer is written.
      if (error instanceof DockerceptionError && error.code === 'BLOB_DIGEST')
        await unlink(path).catch(() => undefined);
      return undefined;
    }
  }

  #compressor(): Promise<string> {
    return (this.#id ??= compressorId(this.compression));
  }

  #list(): Promise<readonly CachedLayer[]> {
    return (this.#layers ??= this.#read());
  }

  async #read(): Promise<CachedLayer[]> {
    const names = await readdir(this.folder).catch(() => []);
    if (names.length === 0) return [];
    const own = await this.#compressor();
    return names.flatMap((name) => {
      const [, diff, blob, compressor, bytes, sizes = '', recipe] = NAME.exec(name) ?? [];
      const [diffId, digest] = [`sha256:${diff}`, `sha256:${blob}`];
      const shape = { bytes: Number(bytes), sizes, recipe };
      return compressor === own ? [{ name, diffId, digest, ...shape }] : [];
    });
  }

  /** Removes the layers that were used before all others until the rest is small enough. */
  async #sweep(): Promise<void> {
    const names = (await readdir(this.folder)).filter((name) => NAME.test(name));
    const files = await Promise.all(
      names.map(async (name) => {
        const path = join(this.folder, name);
        const { size, mtimeMs } = (await stat(path).catch(() => undefined)) ?? GONE;
        return { path, size, mtimeMs };
      }),
    );
    files.sort((one, other) => other.mtimeMs - one.mtimeMs);
    let total = 0;
    for (const [index, { path, size }] of files.entries()) {
      total += size;
      if (total > MAX_BYTES || index >= MAX_FILES) await unlink(path).catch(() => undefined);
    }
  }
}

/** The shape of a layer with files and others of these sizes. */
export function shapeOf(sizes: Iterable<number>, recipe?: string): LayerShape {
  let bytes = 0;
  let large = 0n;
  for (const size of sizes) {
    bytes += BLOCK + size;
    if (size >= LARGE_FILE) large |= bitOf(size);
  }
  return { bytes, sizes: large.toString(16), recipe };
}

function bitOf(size: number): bigint {
  return 1n << BigInt(size % SIZES);
}

const GONE = { size: 0, mtimeMs: 0 };

function hexOf(digest: string): string {
  return digest.slice('sha256:'.length);
}
