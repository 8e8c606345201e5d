/**
 * Builds the target for each platform: the stages that it needs, in order. Each instruction changes the file tree that
 * the base left.
 */
import type { Dockerfile } from '../../../dockerfile/instructions/instruction.js';
import {
  type BuildPlan,
  copies,
  type PlannedStage,
  planStages,
} from '../../../dockerfile/stages/plan.js';
import { readChecks } from '../../../dockerfile/warnings/checks.js';
import type { Warn } from '../../../dockerfile/warnings/rules.js';
import { DockerceptionError } from '../../../errors.js';
import { changes } from '../../../filesystem/changes.js';
import type { Directory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import type { ContainerConfig, History } from '../../../image/config.js';
import type { Platform } from '../../../image/descriptor.js';
import type { Image } from '../../../image/manifest.js';
import { formatPlatform, hostPlatform } from '../../../image/platform.js';
import { isImageOutput } from '../../../options/image.js';
import { printable } from '../../../text/printable.js';
import { nearest } from '../../../text/suggest.js';
import type { EngineRequest } from '../../engine.js';
import type { Spool } from '../spool/spool.js';
import { execute, type Execution, located } from '../steps/execute-step.js';
import { createdBy, evaluateStage, type StageResult, withLabels } from './evaluate-stage.js';
import { type ConfigPlatform, imagePlatform, otherPlatform, refuseWindows } from './platform.js';
import type { ImageSystem, NamedSource, SourceTrees } from './source-trees.js';
import { StageState } from './stage-state.js';
import type { StepReport } from './step-report.js';
import { Warnings } from './warnings.js';

export interface TargetOptions {
  readonly dockerfile: Dockerfile;
  readonly sources: SourceTrees;
  readonly spool: Spool;
  readonly request: EngineRequest;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report: StepReport;
  readonly platforms: readonly Platform[];
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
  /** Its file system, and those after each layer of the base image, which is read on the first call. */
  readonly system: () => Promise<ImageSystem>;
}

export interface BuiltTarget extends BuiltStage {
  readonly platform: ConfigPlatform;
}

/**
 * Builds the targets in the order of the platforms. Rejects with errors of kind build that name file and line, and with
 * DOCKERFILE_CHECK.
 */
export async function buildTargets(options: TargetOptions): Promise<BuiltTarget[]> {
  const { dockerfile, request, report, platforms } = options;
  const targets: BuiltTarget[] = [];
  for (const [index, platform] of platforms.entries()) {
    const plan = await planWithTriggers(platform, options);
    // As in BuildKit, the first platform speaks for all.
    const warnings =
      index === 0
        ? new Warnings(dockerfile, readChecks(dockerfile, request.buildArgs), report.report)
        : undefined;
    targets.push(await new StageBuilder(plan, platform, options).target(warnings));
  }
  return targets;
}

/** Refuses unsupported Dockerfiles before it looks up bases, then plans again with the ONBUILD triggers of the bases. */
async function planWithTriggers(
  targetPlatform: Platform,
  { dockerfile, sources, request }: TargetOptions,
): Promise<BuildPlan> {
  const { buildArgs, target, buildContexts } = request;
  const contexts = Object.keys(buildContexts);
  const buildPlatform = hostPlatform();
  const settings = { buildArgs, target, targetPlatform, buildPlatform, contexts };
  const { name: file } = dockerfile;
  const triggers = new Map<number, readonly string[]>();
  const find = (name: string, platform: Platform, line: number): Promise<NamedSource> =>
    sources.find(name, platform).catch((error: unknown) => {
      throw located(suggestStage(error, name, dockerfile), { file, line });
    });
  for (;;) {
    const known = triggers.size;
    const plan = planStages(dockerfile, { ...settings, triggers });
    for (const planned of plan.stages) {
      const { stage, base, platform } = planned;
      if (platform !== undefined) {
        const from = `reading ${printable(file)}:${stage.line}`;
        refuseWindows(platform.os, `${from}: FROM --platform=${formatPlatform(platform)}`);
      }
      if (base.kind === 'image') {
        const found = await find(base.name, platform ?? targetPlatform, stage.line);
        const onBuild = found.image?.config.config?.OnBuild ?? [];
        if (onBuild.length > 0) triggers.set(stage.index, onBuild);
      }
      for (const { line, from } of copies(planned)) {
        const source = planned.origin(from);
        if (source.kind === 'image' && !isScratch(from, buildContexts))
          await find(source.name, targetPlatform, line);
      }
    }
    // A trigger may need another stage, whose base has triggers of its own.
    if (triggers.size === known) return plan;
  }
}

class StageBuilder {
  /** Stages from images and directories. */
  readonly #bases = new Map<number, BuiltStage | undefined>();
  readonly #results = new Map<number, StageResult>();
  readonly #built = new Map<number, BuiltStage>();
  /** Stages whose contents are read. */
  readonly #read: ReadonlySet<number>;

  constructor(
    private readonly plan: BuildPlan,
    private readonly platform: Platform,
    private readonly options: TargetOptions,
  ) {
    this.#read = readStages(plan, !options.request.outputs.every(isImageOutput));
  }

  /** Evaluates all stages before any work, so that all warnings are reported. Then builds them in the order of the plan. */
  async target(warnings: Warnings | undefined): Promise<BuiltTarget> {
    const warn = warnings?.warn ?? (() => undefined);
    for (const planned of this.plan.stages) await this.#evaluate(planned, warn);
    warnings?.finish();
    for (const planned of this.plan.stages)
      this.#built.set(planned.stage.index, await this.#stage(planned));
    const built = this.#built.get(this.plan.target.stage.index) as BuiltStage;
    const { request } = this.options;
    const { image, result } = built;
    const isRequested = request.platforms.length > 0;
    return {
      ...built,
      result: { ...result, config: withLabels(result.config, request.labels) },
      platform: imagePlatform(image?.config, this.platform, isRequested),
    };
  }

  async #stage(planned: PlannedStage): Promise<BuiltStage> {
    const { report, platforms, request } = this.options;
    const prefix = platforms.length > 1 ? `${formatPlatform(this.platform)} ` : '';
    const { index } = planned.stage;
    const base =
      planned.base.kind === 'stage' ? this.#built.get(planned.base.index) : this.#bases.get(index);
    const result = this.#results.get(index) as StageResult;
    const layers = [...(base?.layers ?? [])];
    const history = [...(base?.history ?? [])];
    const copied = async (): Promise<ImageSystem> => {
      const below = await base?.system();
      return { tree: new Tree(below?.tree), layers: below?.layers ?? [] };
    };
    let own: Promise<ImageSystem> | undefined;
    const system = (): Promise<ImageSystem> => (own ??= copied());
    const execution = this.#execution(planned);
    for (const step of result.steps) {
      let isEmpty = true;
      if (step.kind !== 'config') {
        request.signal.throwIfAborted();
        const { tree } = await system();
        const before = tree.freeze();
        const name = `[${printable(prefix + planned.label)}] ${printable(step.text, 120)}`;
        await report.around(name, () => execute(step, tree, execution));
        const change = { before, after: tree.freeze() };
        isEmpty = isEmptyChange(change);
        if (!isEmpty) layers.push(change);
      }
      history.push({ created_by: createdBy(step), ...(isEmpty && { empty_layer: true }) });
    }
    return { image: base?.image, layers, history, result, system };
  }

  async #evaluate(planned: PlannedStage, warn: Warn): Promise<void> {
    const { base, stage } = planned;
    const { dockerfile, request } = this.options;
    const { globals } = this.plan;
    const { buildArgs, ignores } = request;
    const own = base.kind === 'image' ? await this.#base(planned, base.name) : undefined;
    this.#bases.set(stage.index, own);
    const below = base.kind === 'stage' ? this.#results.get(base.index) : own?.result;
    const context = { dockerfile, globals, buildArgs, warn, ignores };
    this.#results.set(stage.index, evaluateStage(stage, below, context));
  }

  /** An image or a directory as the base of a stage. */
  async #base({ platform, stage }: PlannedStage, name: string): Promise<BuiltStage> {
    const { sources, report, request } = this.options;
    const wanted = platform ?? this.platform;
    const found = await sources.find(name, wanted);
    const { image } = found;
    if (image === undefined) return directoryBase(found.name, await found.tree());
    const isRequested = request.platforms.length > 0 || platform !== undefined;
    const message = isRequested ? otherPlatform(name, image.config, wanted) : undefined;
    if (message !== undefined) report.report({ kind: 'notice', message, warning: true });
    const { config = {}, author } = image.config;
    return {
      image,
      layers: [],
      history: image.config.history ?? [],
      result: emptyResult(config, author),
      system: () => sources.imageSystem(image, this.#read.has(stage.index)),
    };
  }

  #execution(planned: PlannedStage): Execution {
    const { sources, spool, env, dockerfile, request } = this.options;
    const { addHosts, buildContexts, signal } = request;
    return {
      spool,
      file: printable(dockerfile.name),
      source: async (from) => {
        if (from === undefined || from === '') return sources.context;
        const source = planned.origin(from);
        if (source.kind === 'image' && !isScratch(from, buildContexts)) {
          const { name, tree } = await sources.find(source.name, this.platform);
          return { name, tree: await tree() };
        }
        if (source.kind !== 'stage') return { tree: new Tree(), name: 'scratch' };
        const stage = this.#built.get(source.index) as BuiltStage;
        return { tree: (await stage.system()).tree, name: `the stage ${printable(from)}` };
      },
      fetch: async (url, checksum) => {
        const { fetchInto } = await import('../steps/remote-file.js');
        return fetchInto(spool, url, { checksum, env, addHosts, signal });
      },
    };
  }
}

/** The result of a base, which no instruction has changed. */
function emptyResult(config: ContainerConfig, author?: string): StageResult {
  return { config, author, steps: [], variables: new Map(), args: new Set() };
}

/** A build context used as a base: scratch with one layer. */
function directoryBase(name: string, files: Tree): BuiltStage {
  const change = { before: new Tree().freeze(), after: files.freeze() };
  const isEmpty = isEmptyChange(change);
  return {
    image: undefined,
    layers: isEmpty ? [] : [change],
    history: isEmpty ? [] : [{ created_by: name }],
    result: emptyResult(new StageState(undefined).config()),
    system: () => Promise.resolve({ tree: files, layers: [] }),
  };
}

function isScratch(from: string, buildContexts: EngineRequest['buildContexts']): boolean {
  return from === 'scratch' && !Object.hasOwn(buildContexts, from);
}

function isEmptyChange({ before, after }: LayerChange): boolean {
  return changes(before, after).next().done === true;
}

/** Stages whose file contents are needed, and their bases. */
function readStages({ stages, target }: BuildPlan, flat: boolean): Set<number> {
  const read = new Set<number>(flat ? [target.stage.index] : []);
  for (const planned of [...stages].reverse()) {
    const { stage, base } = planned;
    // An archive of ADD can have hard links to files of the base.
    if (planned.instructions.some(({ kind }) => kind === 'add')) read.add(stage.index);
    for (const { from } of copies(planned)) {
      const source = planned.origin(from);
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
