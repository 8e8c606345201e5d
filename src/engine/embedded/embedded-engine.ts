/**
 * The embedded engine: a context in, an image out, with no daemon and no root. The context goes into
 * a tree and a spool, the Dockerfile says what becomes of it, and the layers are written from both.
 */
import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { parseDockerfile } from '../../dockerfile/dockerfile.js';
import { unusedBuildArgs } from '../../dockerfile/scope.js';
import { DockerceptionError } from '../../errors.js';
import type { Platform } from '../../image/descriptor.js';
import type { AssembledImage } from '../../image/manifest.js';
import { formatPlatform, hostPlatform, parsePlatform } from '../../image/platform.js';
import type { Report } from '../../progress/events.js';
import { printable } from '../../tar/printable.js';
import type { BuildContext, BuildOptions, BuildResult, EntryEngine } from '../engine.js';
import { assemble } from './assemble.js';
import { checkTargets } from './check.js';
import { changes } from '../../filesystem/changes.js';
import { contextOf, dockerfileOf, type ContextTree } from './context-tree.js';
import { Images } from './images.js';
import { layerTar } from './layer-tar.js';
import { metadataOf } from './metadata.js';
import { Origins } from './origins.js';
import { isImageOutput, Outputs } from './outputs.js';
import { readableOf } from './readable.js';
import { Spool } from './spool.js';
import { buildStages, type BuiltTarget } from './stages.js';
import { StepReport } from './step-report.js';
import { Tree } from '../../filesystem/tree.js';
import { Unpacker } from '../../filesystem/unpack.js';

/** What the engine is made with. */
export interface EmbeddedSettings {
  /** `XDG_CACHE_HOME`, `TMPDIR`, `DOCKER_CONFIG`, the proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** When images say that they were made: seconds since 1970. @default the context's newest mtime */
  readonly created?: number | undefined;
  /** Where an output `-` goes. It isn't ended. */
  readonly stdout: Writable;
  /** A directory as a tar, for a build context. */
  readonly openDirectory: (path: string) => Promise<Readable>;
  /** Loads an image archive into an engine. @default loading is refused */
  readonly load?: (archive: Readable, report: Report, signal: AbortSignal) => Promise<void>;
  /** Builds what needs RUN; it gets the context anew. @default that is refused */
  readonly otherwise?: Otherwise;
}

/** Another engine, told why it has to build this. */
export type Otherwise = (
  context: BuildContext,
  options: BuildOptions,
  reason: DockerceptionError,
) => Promise<BuildResult>;

/** An engine that needs no other. */
export function embeddedEngine(settings: EmbeddedSettings): EntryEngine {
  return {
    begin(options) {
      const spool = new Spool(settings.env['TMPDIR'] || tmpdir());
      const platforms = platformsOf(options);
      const tree = new Tree();
      const entries = new Unpacker({ tree, contents: spool, name: 'the context' });
      return {
        entries,
        ready: () => spool.ready(),
        finish: async () => {
          await spool.settle();
          entries.end();
          const context = contextOf(tree, entries.newest);
          return new Build(settings, options, spool).run(context, platforms);
        },
        close: () => spool.close(),
      };
    },
  };
}

class Build {
  readonly #settings: EmbeddedSettings;
  readonly #options: BuildOptions;
  readonly #spool: Spool;
  readonly #report: StepReport;

  constructor(settings: EmbeddedSettings, options: BuildOptions, spool: Spool) {
    this.#settings = settings;
    this.#options = options;
    this.#spool = spool;
    this.#report = new StepReport(options.report);
  }

  async run(context: ContextTree, platforms: readonly Platform[]): Promise<BuildResult> {
    try {
      return await this.#build(context, platforms);
    } catch (error) {
      const { otherwise } = this.#settings;
      if (otherwise === undefined || !needsRun(error)) throw error;
      return otherwise({ stream: this.#repacked(context) }, this.#options, error);
    }
  }

  async #build(context: ContextTree, platforms: readonly Platform[]): Promise<BuildResult> {
    const { env, stdout, load, created } = this.#settings;
    const { insecure, report, signal, buildContexts } = this.#options;
    const registry = { env, insecure, report, signal };
    const images = new Images({ contexts: buildContexts, registry });
    const outputs = await Outputs.begin({
      build: this.#options,
      stdout,
      registry,
      load: load && ((archive) => load(archive, report, signal)),
    });
    try {
      const targets = await this.#targets(context, images, platforms);
      const { check } = this.#options;
      if (check !== undefined) await checkTargets(targets, this.#spool, check);
      const time = created ?? context.newest;
      const image = await this.#assemble(targets, outputs, time);
      await this.#writeFiles(targets, time);
      if (image !== undefined) await outputs.finish(image);
      signal.throwIfAborted();
      return metadataOf(image, this.#options);
    } finally {
      await outputs.close();
      await images.close();
    }
  }

  async #targets(
    context: ContextTree,
    images: Images,
    platforms: readonly Platform[],
  ): Promise<BuiltTarget[]> {
    const { file, buildArgs, target, labels, outputs, report, signal } = this.#options;
    const { env, openDirectory } = this.#settings;
    const spool = this.#spool;
    const dockerfile = parseDockerfile(dockerfileOf(context, file, spool), file);
    const unused = unusedBuildArgs(dockerfile, buildArgs);
    if (unused.length > 0) {
      const names = unused.map((name) => printable(name)).join(', ');
      report({ kind: 'notice', message: `no ARG takes what --build-arg gives: ${names}` });
    }
    const origins = new Origins({ context: context.tree, images, spool, openDirectory, signal });
    const targets: BuiltTarget[] = [];
    for (const targetPlatform of platforms)
      targets.push(
        await buildStages({
          dockerfile,
          origins,
          spool,
          labels,
          env,
          addHosts: this.#options.addHosts,
          signal,
          report: this.#report,
          prefix: platforms.length > 1 ? `${formatPlatform(targetPlatform)} ` : '',
          flat: outputs.some((output) => !isImageOutput(output)),
          buildArgs,
          target,
          targetPlatform,
          buildPlatform: hostPlatform(),
          contexts: Object.keys(this.#options.buildContexts),
        }),
      );
    return targets;
  }

  async #assemble(
    targets: readonly BuiltTarget[],
    { store }: Outputs,
    time: number,
  ): Promise<AssembledImage | undefined> {
    if (store === undefined) return undefined;
    const { compression, signal } = this.#options;
    const spool = this.#spool;
    return this.#report.around('exporting layers', () =>
      assemble(targets, { store, spool, time, compression, signal }),
    );
  }

  async #writeFiles(targets: readonly BuiltTarget[], time: number): Promise<void> {
    const { outputs, report, signal } = this.#options;
    const files = outputs.filter((output) => !isImageOutput(output));
    if (files.length === 0) return;
    const systems = await Promise.all(
      targets.map(async (target) => ({
        platform: formatPlatform(target.platform),
        root: (await target.tree()).freeze(),
      })),
    );
    const options = { spool: this.#spool, time, signal, report };
    for (const { type, dest } of files) {
      if (type === 'local') {
        const { writeLocal } = await import('./local-output.js');
        await writeLocal(systems, dest, options);
      } else {
        const { writeFlatTar } = await import('./flat-tar.js');
        await writeFlatTar(systems, dest, this.#settings.stdout, options);
      }
    }
  }

  /** The context as a stream once more, for another engine. */
  #repacked({ tree, newest }: ContextTree): Readable {
    const options = { spool: this.#spool, time: newest, whiteoutNames: true };
    return readableOf(layerTar(changes(undefined, tree.freeze()), options));
  }
}

function platformsOf({ platforms }: BuildOptions): readonly Platform[] {
  if (platforms.length === 0) return [hostPlatform()];
  // An index has each of them once, however it was written.
  return [
    ...new Map(
      platforms.map((text) => {
        const platform = parsePlatform(text);
        return [formatPlatform(platform), platform] as const;
      }),
    ).values(),
  ];
}

function needsRun(error: unknown): error is DockerceptionError {
  return error instanceof DockerceptionError && error.code === 'DOCKERFILE_RUN';
}
