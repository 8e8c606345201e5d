/** Builds the stages that a target needs, in order: each instruction changes the file tree that the base left. */
import type { Dockerfile, Stage } from '../../../dockerfile/instructions/instruction.js';
import type { BuildPlan, PlannedStage } from '../../../dockerfile/stages/plan.js';
import { DockerceptionError } from '../../../errors.js';
import { changes } from '../../../filesystem/changes.js';
import type { Directory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import type { History } from '../../../image/config.js';
import type { Platform } from '../../../image/descriptor.js';
import type { Image } from '../../../image/manifest.js';
import { printable } from '../../../text/printable.js';
import { nearest } from '../../../text/suggest.js';
import type { EngineRequest } from '../../engine.js';
import type { Spool } from '../spool/spool.js';
import { execute, type Execution } from '../steps/execute-step.js';
import { createdBy, evaluateStage, type StageResult, withLabels } from './evaluate-stage.js';
import { type ConfigPlatform, imagePlatform, otherPlatform } from './platform.js';
import type { ImageSystem, SourceTrees } from './source-trees.js';
import type { StepReport } from './step-report.js';

export interface TargetOptions {
  readonly dockerfile: Dockerfile;
  readonly sources: SourceTrees;
  readonly spool: Spool;
  readonly request: EngineRequest;
  /** Whether the whole file system of the target is written, with the contents of its base. */
  readonly flat: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report: StepReport;
  readonly platform: Platform;
  /** Precedes the names of stages in progress: `linux/amd64 ` if there are several platforms. */
  readonly prefix: string;
}

/** The file system before and after an instruction. */
export interface LayerChange {
  readonly before: Directory;
  readonly after: Directory;
}

/** A built stage, whose layers are not written yet. */
interface BuiltStage {
  /** Its base image; undefined for scratch. */
  readonly image: Image | undefined;
  readonly layers: readonly LayerChange[];
  /** That of the base and its own, whose entries have no time yet. */
  readonly history: readonly History[];
  readonly result: StageResult;
  /** Its file system. The base image is read on the first call. */
  readonly tree: () => Promise<Tree>;
  /** The file system after each layer of the base image, which is read on the first call. */
  readonly imageLayers: () => Promise<readonly Directory[]>;
}

export interface BuiltTarget extends BuiltStage {
  readonly platform: ConfigPlatform;
}

export class StageBuilder {
  readonly #built = new Map<number, BuiltStage>();
  /** Stages whose contents are read. */
  readonly #read: ReadonlySet<number>;

  constructor(
    private readonly plan: BuildPlan,
    private readonly options: TargetOptions,
  ) {
    this.#read = readStages(plan, options.flat);
  }

  /** Builds the stages in the order of the plan. */
  async target(): Promise<BuiltTarget> {
    for (const planned of this.plan.stages)
      this.#built.set(planned.stage.index, await this.#stage(planned));
    const built = this.#built.get(this.plan.target.stage.index) as BuiltStage;
    const { request, platform } = this.options;
    const { image, result } = built;
    const isRequested = request.platforms.length > 0;
    return {
      ...built,
      result: { ...result, config: withLabels(result.config, request.labels) },
      platform: imagePlatform(image?.config, platform, isRequested),
    };
  }

  async #stage(planned: PlannedStage): Promise<BuiltStage> {
    const { report, prefix, request } = this.options;
    const base = await this.#base(planned);
    const result = this.#evaluate(planned.stage, base);
    const layers = [...(base?.layers ?? [])];
    const history = [...(base?.history ?? [])];
    let own: Promise<Tree> | undefined;
    const copied = async (): Promise<Tree> => new Tree(await base?.tree());
    const tree = (): Promise<Tree> => (own ??= copied());
    const execution = this.#execution(planned);
    for (const step of result.steps) {
      let isEmpty = true;
      if (step.kind !== 'config') {
        request.signal.throwIfAborted();
        const stage = await tree();
        const before = stage.freeze();
        const name = `[${printable(prefix + planned.label)}] ${printable(step.text, 120)}`;
        await report.around(name, () => execute(step, stage, execution));
        const change = { before, after: stage.freeze() };
        isEmpty = isEmptyChange(change);
        if (!isEmpty) layers.push(change);
      }
      history.push({ created_by: createdBy(step), ...(isEmpty && { empty_layer: true }) });
    }
    const imageLayers = async (): Promise<readonly Directory[]> => base?.imageLayers() ?? [];
    return { image: base?.image, layers, history, result, tree, imageLayers };
  }

  async #base({ base, platform, stage }: PlannedStage): Promise<BuiltStage | undefined> {
    if (base.kind === 'scratch') return undefined;
    if (base.kind === 'stage') return this.#built.get(base.index);
    const { sources, report, request, platform: targetPlatform } = this.options;
    const wanted = platform ?? targetPlatform;
    const found = await sources.find(base.name, wanted);
    const { image } = found;
    if (image === undefined) return this.#directory(stage, found.name, await found.tree());
    const isRequested = request.platforms.length > 0 || platform !== undefined;
    const message = isRequested ? otherPlatform(base.name, image.config, wanted) : undefined;
    if (message !== undefined) report.report({ kind: 'notice', message, warning: true });
    const { config = {}, author } = image.config;
    let system: Promise<ImageSystem> | undefined;
    // The tree and the layers share nodes, so that both come from one read.
    const read = (): Promise<ImageSystem> =>
      (system ??= sources.imageSystem(image, this.#read.has(stage.index)));
    return {
      image,
      layers: [],
      history: image.config.history ?? [],
      result: { config, author, steps: [], variables: new Map() },
      tree: async () => (await read()).tree,
      imageLayers: async () => (await read()).layers,
    };
  }

  /** A build context used as a base: scratch with one layer. */
  #directory(stage: Stage, name: string, files: Tree): BuiltStage {
    const change = { before: new Tree().freeze(), after: files.freeze() };
    const isEmpty = isEmptyChange(change);
    return {
      image: undefined,
      layers: isEmpty ? [] : [change],
      history: isEmpty ? [] : [{ created_by: name }],
      result: this.#evaluate({ ...stage, instructions: [] }, undefined),
      tree: () => Promise.resolve(files),
      imageLayers: () => Promise.resolve([]),
    };
  }

  #evaluate(stage: Stage, base: BuiltStage | undefined): StageResult {
    const { dockerfile, request } = this.options;
    const { globals } = this.plan;
    const { buildArgs } = request;
    return evaluateStage(stage, base?.result, { dockerfile, globals, buildArgs });
  }

  #execution(planned: PlannedStage): Execution {
    const { sources, platform, spool, env, dockerfile, request } = this.options;
    const { addHosts, buildContexts, signal } = request;
    return {
      spool,
      file: printable(dockerfile.name),
      source: async (from) => {
        if (from === undefined || from === '') return sources.context;
        const source = planned.origin(from);
        const isEmpty = from === 'scratch' && !Object.hasOwn(buildContexts, from);
        if (source.kind === 'scratch' || (source.kind === 'image' && isEmpty))
          return { tree: new Tree(), name: 'scratch' };
        if (source.kind === 'image')
          try {
            const { name, tree } = await sources.find(source.name, platform);
            return { name, tree: await tree() };
          } catch (error) {
            throw suggestStage(error, from, dockerfile);
          }
        const stage = this.#built.get(source.index) as BuiltStage;
        return { tree: await stage.tree(), name: `the stage ${printable(from)}` };
      },
      fetch: async (url, checksum) => {
        const { fetchInto } = await import('../steps/remote-file.js');
        return fetchInto(spool, url, { checksum, env, addHosts, signal });
      },
    };
  }
}

function isEmptyChange({ before, after }: LayerChange): boolean {
  return changes(before, after).next().done === true;
}

/** Stages whose file contents are needed, and their bases. */
function readStages({ stages, target }: BuildPlan, flat: boolean): Set<number> {
  const read = new Set<number>(flat ? [target.stage.index] : []);
  for (const planned of [...stages].reverse()) {
    const { stage, base } = planned;
    for (const instruction of planned.instructions) {
      // An archive of ADD can have hard links to files of the base.
      if (instruction.kind === 'add') read.add(stage.index);
      if (instruction.kind !== 'copy' || instruction.from === '') continue;
      const source = planned.origin(instruction.from);
      if (source.kind === 'stage') read.add(source.index);
    }
    if (base.kind === 'stage' && read.has(stage.index)) read.add(base.index);
  }
  return read;
}

/** Adds a hint to the error of an unknown image, if a stage has a similar name. */
export function suggestStage(error: unknown, name: string, { stages }: Dockerfile): unknown {
  if (!(error instanceof DockerceptionError)) return error;
  const names = stages.map((stage) => stage.name).filter((each) => each !== undefined);
  const stage = nearest(name.toLowerCase(), names);
  if (stage === undefined) return error;
  const hint = `there is no stage ${printable(name)}; the nearest is ${printable(stage)}`;
  return error.with({ hint });
}
