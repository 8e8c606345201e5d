/**
 * The outputs of a build. The image is assembled in one store, or received as one archive, and copied from there to the
 * other outputs. Names come last: the image is pushed before its archive appears under its name.
 */
import type { Readable, Writable } from 'node:stream';
import { writeToStream } from '../files/output-file.js';
import { ArchiveStore } from '../image/archive/archive-store.js';
import { ReceivedArchive } from '../image/archive/received-archive.js';
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
  /**
   * @param temporary for an image that is streamed, loaded, or only pushed
   * @param received the archive that is received; it is also the first output that is an archive
   */
  private constructor(
    private readonly options: OutputsOptions,
    private readonly named: readonly Destination[],
    private readonly temporary: ArchiveStore | undefined,
    readonly received: ReceivedArchive | undefined,
  ) {}

  /**
   * Opens every output, so that an output that cannot be written fails before the build starts.
   * @param receives whether the image is received as an archive. @default it is assembled in `store`
   */
  static async begin(options: OutputsOptions, receives = false): Promise<Outputs> {
    const { outputs, push, report, signal } = options.build;
    const waiting = (message: string): void => report({ kind: 'notice', message });
    const named: Destination[] = [];
    let received: ReceivedArchive | undefined;
    try {
      for (const output of outputs) {
        const { dest } = output;
        if (!isImageOutput(output) || dest === '-') continue;
        if (outputForm(output) !== 'file')
          named.push(await LayoutStore.create(dest, { signal, waiting }));
        else if (receives && received === undefined) received = await ReceivedArchive.create(dest);
        else named.push(await ArchiveStore.create(dest));
      }
      if (receives) received ??= await ReceivedArchive.create();
      let temporary: ArchiveStore | undefined;
      if (!receives && isReadAsArchive(options.build)) temporary = await ArchiveStore.temporary();
      else if (!receives && push && named.length === 0) temporary = await ArchiveStore.partial();
      return new Outputs(options, named, temporary, received);
    } catch (error) {
      for (const destination of [...named, received]) await destination?.close();
      throw error;
    }
  }

  /** The store in which the image is assembled; undefined if it is received, or no output is an image. */
  get store(): BlobStore | undefined {
    return this.received === undefined ? (this.named[0] ?? this.temporary) : undefined;
  }

  /**
   * Writes the image to all outputs. The signal is ignored once one of them has the image.
   * @param signal @default that of the build
   */
  async finish(image: AssembledImage, signal = this.options.build.signal): Promise<void> {
    const { build, registry, load, stdout } = this.options;
    const { named, temporary, received, store } = this;
    const names = build.tags.map(fullName);
    for (const other of [...named, temporary])
      if (other !== undefined && other !== store) await copyImage(image, other);
    if (build.push) {
      const { pushToRegistry } = await import('../image/registry/push.js');
      await pushToRegistry(image, names, registry);
    }
    const archive = received ?? temporary;
    if (archive !== undefined && isReadAsArchive(build)) {
      await temporary?.finish(image, names);
      if (!build.push) signal.throwIfAborted();
      if (build.load) await load?.(archive.read(), build.push ? NEVER : signal);
      if (build.outputs.some(isStreamed))
        await writeToStream(archive.read(), stdout, build.push || build.load ? NEVER : signal);
    }
    if (!build.push && !build.load) signal.throwIfAborted();
    for (const destination of [received, ...named]) await destination?.finish(image, names);
  }

  /** Closes all outputs. Unfinished ones leave no file. */
  async close(): Promise<void> {
    for (const destination of [...this.named, this.temporary, this.received])
      await destination?.close();
  }
}

/** Whether the image is loaded or streamed. */
function isReadAsArchive({ load, outputs }: EngineRequest): boolean {
  return load || outputs.some(isStreamed);
}

function isStreamed(output: Output): boolean {
  return isImageOutput(output) && output.dest === '-';
}
