/**
 * Where an image goes: it is put together in one store, and everything else is fed from that. A
 * name is given last: a push comes before the archive appears under its own.
 */
import type { Readable, Writable } from 'node:stream';
import { ArchiveStore } from '../../../image/archive-store.js';
import { copyImage } from '../../../image/copy-image.js';
import { LayoutStore } from '../../../image/layout-store.js';
import type { AssembledImage } from '../../../image/manifest.js';
import { formatReference, parseReference } from '../../../image/reference.js';
import type { RegistrySettings } from '../../../image/registry/index.js';
import type { BlobStore } from '../../../image/store.js';
import type { BuildOptions, Output } from '../../engine.js';

const NEVER = new AbortController().signal;

/** A store that ends in an output. */
interface Destination extends BlobStore {
  finish(image: AssembledImage, names: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** What outputs are written with. */
export interface OutputsOptions {
  readonly build: BuildOptions;
  readonly stdout: Writable;
  readonly registry: RegistrySettings;
  /** Loads an archive into an engine. */
  readonly load: ((archive: Readable, signal: AbortSignal) => Promise<void>) | undefined;
}

/** Whether it is an image, not a file system. */
export function isImageOutput({ type }: Output): boolean {
  return type === 'oci' || type === 'docker';
}

export class Outputs {
  readonly #options: OutputsOptions;
  readonly #named: readonly Destination[];
  /** For what goes to a stream, or is only pushed. */
  readonly #temporary: ArchiveStore | undefined;

  private constructor(
    options: OutputsOptions,
    named: readonly Destination[],
    temporary: ArchiveStore | undefined,
  ) {
    this.#options = options;
    this.#named = named;
    this.#temporary = temporary;
  }

  /** Begins every output, so that one that can't be written is told before any work. */
  static async begin(options: OutputsOptions): Promise<Outputs> {
    const { outputs, push, load } = options.build;
    const named: Destination[] = [];
    try {
      for (const output of outputs)
        if (isImageOutput(output) && output.dest !== '-')
          named.push(await begin(output, options.build));
      const needsOne = load || outputs.some(isStreamed) || (push && named.length === 0);
      const temporary = needsOne ? await ArchiveStore.temporary() : undefined;
      return new Outputs(options, named, temporary);
    } catch (error) {
      for (const destination of named) await destination.close();
      throw error;
    }
  }

  /** Where the image is to be put together; undefined when no output wants one. */
  get store(): BlobStore | undefined {
    return this.#named[0] ?? this.#temporary;
  }

  /** Gives the image to everybody who is to have it. The signal counts until one of them has it. */
  async finish(image: AssembledImage): Promise<void> {
    const { build, registry, load, stdout } = this.#options;
    const names = build.tags.map((tag) => formatReference(parseReference(tag)));
    const temporary = this.#temporary;
    for (const other of this.#named.slice(1)) await copyImage(image, other);
    if (temporary !== undefined && temporary !== this.store) await copyImage(image, temporary);
    if (build.push) {
      const { pushImage } = await import('../../../image/registry/index.js');
      await pushImage(image, names, registry);
    }
    if (temporary !== undefined) {
      await temporary.finish(image, names);
      if (!build.push) build.signal.throwIfAborted();
      if (build.load) await load?.(temporary.read(), build.push ? NEVER : build.signal);
      if (build.outputs.some(isStreamed)) await temporary.streamTo(stdout);
    }
    if (!build.push && !build.load) build.signal.throwIfAborted();
    for (const destination of this.#named) await destination.finish(image, names);
  }

  /** Closes everything; what wasn't finished leaves nothing behind. */
  async close(): Promise<void> {
    for (const destination of this.#named) await destination.close();
    await this.#temporary?.close();
  }
}

function begin(output: Output, { report, signal }: BuildOptions): Promise<Destination> {
  if (!isLayout(output)) return ArchiveStore.create(output.dest);
  const waiting = (message: string): void => report({ kind: 'notice', message });
  return LayoutStore.create(output.dest, { signal, waiting });
}

function isStreamed(output: Output): boolean {
  return isImageOutput(output) && output.dest === '-';
}

function isLayout({ attributes }: Output): boolean {
  return /^(false|0)$/i.test(attributes['tar'] ?? '');
}
