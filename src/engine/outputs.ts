/**
 * The outputs of a build. The image is assembled in one store and copied from there to the other outputs. Names come
 * last: the image is pushed before its archive appears under its name.
 */
import type { Readable, Writable } from 'node:stream';
import { writeToStream } from '../files/output-file.js';
import { ArchiveStore } from '../image/archive/archive-store.js';
import { copyImage } from '../image/assemble.js';
import { LayoutStore } from '../image/layout/layout-store.js';
import type { AssembledImage } from '../image/manifest.js';
import { fullName } from '../image/reference.js';
import type { RegistrySettings } from '../image/registry/settings.js';
import type { BlobStore } from '../image/store.js';
import { isImageOutput, type Output, outputForm } from '../options/image.js';
import type { EngineRequest } from './engine.js';

const NEVER = new AbortController().signal;

/** A store whose content becomes an output. */
type Destination = ArchiveStore | LayoutStore;

export interface OutputsOptions {
  readonly build: EngineRequest;
  readonly stdout: Writable;
  readonly registry: RegistrySettings;
  /** Loads an archive into an engine. */
  readonly load: ((archive: Readable, signal: AbortSignal) => Promise<void>) | undefined;
}

export class Outputs {
  /** @param temporary for an image that is streamed, loaded, or only pushed */
  private constructor(
    private readonly options: OutputsOptions,
    private readonly named: readonly Destination[],
    private readonly temporary: ArchiveStore | undefined,
  ) {}

  /** Opens every output, so that an output that cannot be written fails before the build starts. */
  static async begin(options: OutputsOptions): Promise<Outputs> {
    const { outputs, push, load, report, signal } = options.build;
    const waiting = (message: string): void => report({ kind: 'notice', message });
    const named: Destination[] = [];
    try {
      for (const output of outputs)
        if (isImageOutput(output) && output.dest !== '-')
          named.push(
            outputForm(output) === 'file'
              ? await ArchiveStore.create(output.dest)
              : await LayoutStore.create(output.dest, { signal, waiting }),
          );
      const needsOne = load || outputs.some(isStreamed) || (push && named.length === 0);
      const temporary = needsOne ? await ArchiveStore.temporary() : undefined;
      return new Outputs(options, named, temporary);
    } catch (error) {
      for (const destination of named) await destination.close();
      throw error;
    }
  }

  /** The store in which the image is assembled; undefined if no output is an image. */
  get store(): BlobStore | undefined {
    return this.named[0] ?? this.temporary;
  }

  /** Writes the image to all outputs. The signal is ignored once one of them has the image. */
  async finish(image: AssembledImage): Promise<void> {
    const { build, registry, load, stdout } = this.options;
    const names = build.tags.map(fullName);
    const temporary = this.temporary;
    for (const other of this.named.slice(1)) await copyImage(image, other);
    if (temporary !== undefined && temporary !== this.store) await copyImage(image, temporary);
    if (build.push) {
      const { pushToRegistry } = await import('../image/registry/push.js');
      await pushToRegistry(image, names, registry);
    }
    if (temporary !== undefined) {
      await temporary.finish(image, names);
      if (!build.push) build.signal.throwIfAborted();
      if (build.load) await load?.(temporary.read(), build.push ? NEVER : build.signal);
      if (build.outputs.some(isStreamed))
        await writeToStream(
          temporary.read(),
          stdout,
          build.push || build.load ? NEVER : build.signal,
        );
    }
    if (!build.push && !build.load) build.signal.throwIfAborted();
    for (const destination of this.named) await destination.finish(image, names);
  }

  /** Closes all outputs. Unfinished ones leave no file. */
  async close(): Promise<void> {
    for (const destination of this.named) await destination.close();
    await this.temporary?.close();
  }
}

function isStreamed(output: Output): boolean {
  return isImageOutput(output) && output.dest === '-';
}
