/**
 * The embedded engine builds an image from a context without a daemon and without root. It reads the context into a
 * tree and a spool, evaluates the Dockerfile, and writes the layers from both.
 */
import { tmpdir } from 'node:os';
import type { Readable } from 'node:stream';
import type { Dockerfile } from '../../dockerfile/instructions/instruction.js';
import { DOCKERFILE, OTHER_DOCKERFILES } from '../../dockerfile/names.js';
import { parseDockerfile } from '../../dockerfile/parse.js';
import { unusedBuildArgs } from '../../dockerfile/stages/scope.js';
import { DockerceptionError } from '../../errors.js';
import { changes } from '../../filesystem/changes.js';
import { isFile } from '../../filesystem/node.js';
import { Tree } from '../../filesystem/tree.js';
import { Unpacker } from '../../filesystem/unpack.js';
import { LayerCache } from '../../image/cache/layer-cache.js';
import type { Platform } from '../../image/descriptor.js';
import type { AssembledImage } from '../../image/manifest.js';
import type { RegistrySettings } from '../../image/registry/settings.js';
import type { Annotation } from '../../options/buildkit-values.js';
import { isImageOutput } from '../../options/image.js';
import type { Report } from '../../progress/events.js';
import { toBinary } from '../../text/binary.js';
import { printable } from '../../text/printable.js';
import type {
  BuildContext,
  BuildResult,
  EngineRequest,
  EngineSettings,
  EntryBuild,
  EntryEngine,
} from '../engine.js';
import { Outputs } from '../outputs.js';
import { withSourceDateEpoch } from '../request.js';
import { assemble, imageAnnotations, metadataOf } from './output/assemble.js';
import { writeFileSystems } from './output/file-systems.js';
import { type LayerSettings, layerTar } from './output/layer-tar.js';
import { isPredictable, SpeculativeLayerWriter } from './speculation/speculative-layer-writer.js';
import { contentOf, readableOf } from './spool/contents.js';
import { Spool } from './spool/spool.js';
import { checkTargets } from './stages/check-targets.js';
import { platformsOf } from './stages/platform.js';
import { needsEngine, SourceTrees } from './stages/source-trees.js';
import { buildTargets, type BuiltTarget, type LayerChange } from './stages/stages.js';
import { StepReport } from './stages/step-report.js';

export interface EmbeddedSettings extends Pick<
  EngineSettings,
  'env' | 'stdout' | 'created' | 'openDirectory'
> {
  /** Bytes of a file from which on its layer is written before the context ends. @default 8 MiB */
  readonly speculationThreshold?: number;
  /** Loads an image archive into an engine. @default loading is refused */
  readonly load?: (archive: Readable, report: Report, signal: AbortSignal) => Promise<void>;
  /** Builds instead if the Dockerfile needs RUN, or an image that only an engine has. @default such a build fails */
  readonly otherwise?: Otherwise;
  /** Whether the engine of `otherwise` has an image. False if it cannot be reached. @default it has none */
  readonly engineHas?: (reference: string, signal: AbortSignal) => Promise<boolean>;
}

/** Another engine, called with the context as a new stream and the reason. */
export type Otherwise = (
  context: BuildContext,
  options: EngineRequest,
  reason: DockerceptionError,
) => Promise<BuildResult>;

/** Creates the engine. */
export function embeddedEngine(settings: EmbeddedSettings): EntryEngine {
  return { begin: (options) => new Build(settings, options) };
}

/** Bytes of the largest Dockerfile, as in BuildKit. */
const MAX_DOCKERFILE = 16 << 20;
const SILENT = new StepReport(() => undefined);
const NEVER = new AbortController().signal;

class Build implements EntryBuild {
  readonly entries: Unpacker;
  readonly #options: EngineRequest;
  readonly #platforms: readonly Platform[];
  readonly #annotations: readonly Annotation[];
  readonly #spool: Spool;
  readonly #tree = new Tree();
  readonly #layers: LayerSettings;
  readonly #speculation: SpeculativeLayerWriter;
  readonly #report: StepReport;
  readonly #registry: RegistrySettings;
  readonly #cache: LayerCache | undefined;
  #outputs: Promise<Outputs> | undefined;
  #isClosed = false;

  constructor(
    private readonly settings: EmbeddedSettings,
    options: EngineRequest,
  ) {
    this.#options = { ...options, buildArgs: withSourceDateEpoch(options.buildArgs, settings.env) };
    this.#platforms = platformsOf(options.platforms);
    this.#annotations = imageAnnotations(options.annotations, this.#platforms);
    const { insecure, report, compression, cacheDir, signal } = options;
    this.#registry = { env: settings.env, insecure, report, signal };
    const notice = (message: string): void => report({ kind: 'notice', message });
    if (!options.noCache)
      this.#cache = LayerCache.of({ env: settings.env, cacheDir }, compression, notice);
    this.#report = new StepReport(report);
    this.#spool = new Spool(settings.env['TMPDIR'] || tmpdir(), this.#cache !== undefined);
    const time = settings.created ?? 0;
    this.#layers = { spool: this.#spool, time, compression, signal };
    this.#speculation = new SpeculativeLayerWriter({
      ...this.#layers,
      threshold: settings.speculationThreshold,
      store: async () => (await this.#beginOutputs()).store,
      predict: async () =>
        this.#tree.hasLinks ? undefined : this.#predict(this.entries.snapshot()),
      isCached: async (size) => (await this.#cache?.mayHave(size)) === true,
      needsContent: async (head) => {
        const { outputs, check } = options;
        return !outputs.every(isImageOutput) || (await check?.needsContent(head)) === true;
      },
    });
    const [tree, contents] = [this.#tree, this.#speculation];
    const name = 'the context';
    this.entries = new Unpacker({ tree, contents, name, strict: true, packs: true });
  }

  ready(): Promise<void> | undefined {
    return this.#speculation.ready();
  }

  async finish(): Promise<BuildResult> {
    this.entries.end();
    await this.#speculation.verify(() => this.#predict(this.#tree));
    await this.#spool.settle();
    try {
      return await this.#build();
    } catch (error) {
      const { otherwise } = this.settings;
      if (otherwise === undefined || !needsEngine(error)) throw error;
      await this.#closeOutputs();
      const options = { ...this.#options, file: this.#file(this.#tree) };
      return otherwise({ stream: this.#repacked() }, options, error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#speculation.close();
    this.#spool.close();
    await this.#closeOutputs();
  }

  async #closeOutputs(): Promise<void> {
    // A failure to open the outputs was reported already, or an earlier error ended the context.
    await (await this.#outputs?.catch(() => undefined))?.close();
  }

  async #build(): Promise<BuildResult> {
    const { signal, check, buildArgs, report } = this.#options;
    const sources = this.#sources(this.#tree, false);
    const outputs = await this.#beginOutputs();
    try {
      const dockerfile = this.#dockerfile(this.#tree);
      const unused = unusedBuildArgs(dockerfile, buildArgs).map((name) => printable(name));
      if (unused.length > 0) {
        const message = `no ARG takes these build arguments: ${unused.join(', ')}`;
        report({ kind: 'notice', message });
      }
      const targets = await this.#targets(dockerfile, sources, this.#report);
      if (check !== undefined) await checkTargets(targets, this.#spool, check);
      const image = await this.#assemble(targets, outputs);
      signal.throwIfAborted();
      // After this, a signal no longer changes the result. No file appears if a push fails.
      if (image !== undefined) await outputs.finish(image);
      const layers = image === undefined ? this.#layers : { ...this.#layers, signal: NEVER };
      await writeFileSystems(targets, this.#options, this.settings.stdout, layers);
      return metadataOf(image, this.#options);
    } finally {
      await sources.close();
    }
  }

  #beginOutputs(): Promise<Outputs> {
    if (this.#isClosed) return Promise.reject(new Error('the build is closed'));
    const { stdout, load } = this.settings;
    const { report } = this.#options;
    return (this.#outputs ??= Outputs.begin({
      build: this.#options,
      stdout,
      registry: this.#registry,
      load: load && ((archive, stop) => load(archive, report, stop)),
    }));
  }

  /** Evaluates the Dockerfile as if the context ended here. */
  async #predict(tree: Tree): Promise<readonly LayerChange[] | undefined> {
    if (this.#platforms.length > 1) return undefined;
    const dockerfile = this.#dockerfile(tree);
    if (!isPredictable(dockerfile)) return undefined;
    const [target] = await this.#targets(dockerfile, this.#sources(tree, true), SILENT);
    return target?.layers;
  }

  /** The path of the Dockerfile. The pipeline reports a missing one at the end. */
  #file(tree: Tree): string {
    const { file } = this.#options;
    if (file !== DOCKERFILE) return file;
    return [DOCKERFILE, ...OTHER_DOCKERFILES].find((name) => tree.find(toBinary(name))) ?? file;
  }

  /** Throws CONTEXT_NO_DOCKERFILE, of kind context. */
  #dockerfile(tree: Tree): Dockerfile {
    const file = this.#file(tree);
    const node = tree.find(toBinary(file));
    if (isFile(node) && node.size <= MAX_DOCKERFILE)
      return parseDockerfile(contentOf(node, this.#spool, MAX_DOCKERFILE), file);
    const why = isFile(node) ? 'is too large for a Dockerfile' : 'is not there';
    const message = `reading the context: ${file} ${why}`;
    throw new DockerceptionError('context', 'CONTEXT_NO_DOCKERFILE', message, {
      hint: '`file` names another file of the context; `base` needs none',
    });
  }

  #sources(tree: Tree, contextOnly: boolean): SourceTrees {
    const { openDirectory, engineHas } = this.settings;
    const { buildContexts: contexts, concealed, pull, cacheDir, signal } = this.#options;
    const context = concealed.length === 0 ? tree : new Tree(tree);
    for (const path of concealed) context.remove(toBinary(path).split('/'));
    return new SourceTrees({
      context,
      contexts,
      registry: this.#registry,
      cacheDir,
      // With --pull, engines do not use local images either.
      ...(engineHas && !pull && { engineHas: (reference) => engineHas(reference, signal) }),
      contextOnly,
      spool: this.#spool,
      openDirectory,
    });
  }

  #targets(
    dockerfile: Dockerfile,
    sources: SourceTrees,
    report: StepReport,
  ): Promise<BuiltTarget[]> {
    const { env } = this.settings;
    const [spool, platforms, request] = [this.#spool, this.#platforms, this.#options];
    return buildTargets({ dockerfile, sources, platforms, spool, request, env, report });
  }

  async #assemble(
    targets: readonly BuiltTarget[],
    { store }: Outputs,
  ): Promise<AssembledImage | undefined> {
    const [first] = targets;
    if (store === undefined || first === undefined) return undefined;
    const { newest } = this.entries;
    const created = this.settings.created ?? (Number.isFinite(newest) ? newest : 0);
    return this.#report.around('exporting layers', async () => {
      const written = await this.#speculation.commit(first.layers);
      const annotations = this.#annotations;
      const cache = this.#cache;
      return assemble(targets, { ...this.#layers, store, created, written, cache, annotations });
    });
  }

  /** Packs the context again for another engine. */
  #repacked(): Readable {
    const { spool, time } = this.#layers;
    const entries = changes(undefined, this.#tree.freeze());
    return readableOf(layerTar([entries], { spool, time, whiteoutNames: true }));
  }
}
