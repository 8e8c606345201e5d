/** Builds the stages that a target needs, in order: each instruction changes the file tree that the base left. */
import type { Dockerfile, Stage } from '../../../dockerfile/instructions/instruction.js';
import {
  type BuildPlan,
  type PlannedStage,
  type PlanOptions,
  planStages,
} from '../../../dockerfile/stages/plan.js';
import { nearest } from '../../../text/suggest.js';
import { DockerceptionError } from '../../../errors.js';
import { changes } from '../../../filesystem/changes.js';
import type { Directory } from '../../../filesystem/node.js';
import { Tree } from '../../../filesystem/tree.js';
import type { History } from '../../../image/config.js';
import type { Image } from '../../../image/manifest.js';
import { formatPlatform } from '../../../image/platform.js';
import { printable } from '../../../text/printable.js';
import type { Spool } from '../spool/spool.js';
import { execute, type Execution } from '../steps/execute-step.js';
import { located } from '../steps/located.js';
import { createdBy, evaluateStage, type StageResult, withLabels } from './evaluate-stage.js';
import type { ImageSystem } from './origins.js';
import type { Origins } from './origins.js';
import { type ConfigPlatform, imagePlatform, otherPlatform, refuseWindows } from './platform.js';
import type { StepReport } from './step-report.js';

export interface StagesOptions extends PlanOptions {
  readonly dockerfile: Dockerfile;
  readonly origins: Origins;
  readonly spool: Spool;
  readonly labels: Readonly<Record<string, string>>;
  /** Whether the target's platform was requested; otherwise it is that of this machine. */
  readonly platformAsked: boolean;
  /** Whether the whole file system of the target is written, with the contents of its base. */
  readonly flat: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `HOST:IP` entries for ADD. */
  readonly addHosts: readonly string[];
  readonly report: StepReport;
  /** Precedes the stage's name in progress: `linux/amd64 ` if there are several platforms. */
  readonly prefix: string;
  readonly signal: AbortSignal;
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
  tree(): Promise<Tree>;
  /** The file system after each layer of the base image, which is read on the first call. */
  imageLayers(): Promise<readonly Directory[]>;
}

export interface BuiltTarget extends BuiltStage {
  readonly platform: ConfigPlatform;
}

/** Builds what the target needs. Rejects with errors of kind build that name file and line. */
export async function buildStages(options: StagesOptions): Promise<BuiltTarget> {
  const builder = new StageBuilder(await planWithTriggers(options), options);
  return targetOf(await builder.build(), options);
}

/** Refuses unsupported Dockerfiles before it looks up bases, then plans again with the ONBUILD triggers of the bases. */
async function planWithTriggers(options: StagesOptions): Promise<BuildPlan> {
  let plan = planStages(options.dockerfile, options);
  let known = 0;
  for (;;) {
    const triggers = await findTriggers(plan, options);
    // A trigger may need another stage, whose base has triggers of its own.
    if (triggers.size === known) return plan;
    known = triggers.size;
    plan = planStages(options.dockerfile, { ...options, triggers });
  }
}

async function findTriggers(
  { stages }: BuildPlan,
  { dockerfile, origins, targetPlatform }: StagesOptions,
): Promise<Map<number, readonly string[]>> {
  const triggers = new Map<number, readonly string[]>();
  for (const { stage, base, platform } of stages) {
    const place = { file: dockerfile.name, line: stage.line };
    if (platform !== undefined) {
      const from = `reading ${printable(dockerfile.name)}:${stage.line}`;
      refuseWindows(platform.os, `${from}: FROM --platform=${formatPlatform(platform)}`);
    }
    if (base.kind !== 'image') continue;
    const found = await origins
      .base(base.name, platform ?? targetPlatform)
      .catch((error: unknown) => {
        throw located(suggestStage(error, base.name, dockerfile), place);
      });
    const onBuild = (found.kind === 'image' && found.image.config.config?.OnBuild) || [];
    if (onBuild.length > 0) triggers.set(stage.index, onBuild);
  }
  return triggers;
}

function targetOf(built: BuiltStage, options: StagesOptions): BuiltTarget {
  const config = withLabels(built.result.config, options.labels);
  const platform = imagePlatform(
    built.image?.config,
    options.targetPlatform,
    options.platformAsked,
  );
  return { ...built, result: { ...built.result, config }, platform };
}

class StageBuilder {
  readonly #plan: BuildPlan;
  readonly #options: StagesOptions;
  readonly #built = new Map<number, BuiltStage>();
  /** Stages whose contents are read. */
  readonly #read: ReadonlySet<number>;

  constructor(plan: BuildPlan, options: StagesOptions) {
    this.#plan = plan;
    this.#options = options;
    this.#read = readStages(plan, options.flat);
  }

  async build(): Promise<BuiltStage> {
    for (const planned of this.#plan.stages)
      this.#built.set(planned.stage.index, await this.#stage(planned));
    return this.#built.get(this.#plan.target.stage.index) as BuiltStage;
  }

  async #stage(planned: PlannedStage): Promise<BuiltStage> {
    const { dockerfile, buildArgs, report, prefix, signal } = this.#options;
    const base = await this.#base(planned);
    const context = { dockerfile, globals: this.#plan.globals, buildArgs };
    const result = evaluateStage(planned.stage, base?.result, context);
    const layers = [...(base?.layers ?? [])];
    const history = [...(base?.history ?? [])];
    let own: Promise<Tree> | undefined;
    const tree = (): Promise<Tree> => (own ??= copyOf(base));
    const execution = this.#execution(planned);
    for (const step of result.steps) {
      let isEmpty = true;
      if (step.kind !== 'config') {
        signal.throwIfAborted();
        const stage = await tree();
        const before = stage.freeze();
        await report.during(prefix + planned.label, step, () => execute(step, stage, execution));
        const after = stage.freeze();
        isEmpty = changes(before, after).next().done === true;
        if (!isEmpty) layers.push({ before, after });
      }
      history.push({ created_by: createdBy(step), ...(isEmpty && { empty_layer: true }) });
    }
    const imageLayers = (): Promise<readonly Directory[]> =>
      base === undefined ? Promise.resolve([]) : base.imageLayers();
    return { image: base?.image, layers, history, result, tree, imageLayers };
  }

  async #base({ base, platform, stage }: PlannedStage): Promise<BuiltStage | undefined> {
    if (base.kind === 'scratch') return undefined;
    if (base.kind === 'stage') return this.#built.get(base.index);
    const { origins, targetPlatform, platformAsked, report } = this.#options;
    const wanted = platform ?? targetPlatform;
    const found = await origins.base(base.name, wanted);
    if (found.kind === 'directory') return this.#directory(stage, found.name, await found.tree());
    const { image } = found;
    const asked = platformAsked || platform !== undefined;
    const doubt = asked ? otherPlatform(base.name, image.config, wanted) : undefined;
    if (doubt !== undefined) report.warn(doubt);
    const { config = {}, author } = image.config;
    let system: Promise<ImageSystem> | undefined;
    // The tree and the layers share nodes, so that both come from one read.
    const read = (): Promise<ImageSystem> =>
      (system ??= origins.imageSystem(image, this.#read.has(stage.index)));
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
    const { dockerfile, buildArgs } = this.#options;
    const context = { dockerfile, globals: this.#plan.globals, buildArgs };
    const result = evaluateStage({ ...stage, instructions: [] }, undefined, context);
    const change = { before: new Tree().freeze(), after: files.freeze() };
    const isEmpty = changes(change.before, change.after).next().done === true;
    return {
      image: undefined,
      layers: isEmpty ? [] : [change],
      history: isEmpty ? [] : [{ created_by: name }],
      result,
      tree: () => Promise.resolve(files),
      imageLayers: () => Promise.resolve([]),
    };
  }

  #execution(planned: PlannedStage): Execution {
    const { origins, targetPlatform, spool, env, signal, dockerfile, contexts } = this.#options;
    const { addHosts } = this.#options;
    return {
      spool,
      file: printable(dockerfile.name),
      origin: async (from) => {
        if (from === undefined || from === '') return origins.context;
        const origin = planned.origin(from);
        const isEmpty = from === 'scratch' && !(contexts ?? []).includes(from);
        if (origin.kind === 'scratch' || (origin.kind === 'image' && isEmpty))
          return { tree: new Tree(), name: 'scratch' };
        if (origin.kind === 'image')
          return origins.named(origin.name, targetPlatform).catch((error: unknown) => {
            throw suggestStage(error, from, dockerfile);
          });
        const name = `the stage ${printable(from)}`;
        const stage = this.#built.get(origin.index) as BuiltStage;
        return { tree: await stage.tree(), name };
      },
      fetch: async (url, checksum) => {
        const { fetchInto } = await import('../steps/remote-file.js');
        return fetchInto(spool, url, { checksum, env, addHosts, signal });
      },
    };
  }
}

/** Whether an archive may be unpacked into a stage: it can have hard links to files of the base. */
function addsFiles({ instructions }: PlannedStage): boolean {
  return instructions.some(({ kind }) => kind === 'add');
}

async function copyOf(base: BuiltStage | undefined): Promise<Tree> {
  return new Tree(await base?.tree());
}

/** Stages whose file contents are needed, and their bases. */
function readStages({ stages, target }: BuildPlan, flat: boolean): Set<number> {
  const read = new Set<number>(flat ? [target.stage.index] : []);
  for (const planned of [...stages].reverse()) {
    for (const instruction of planned.instructions) {
      if (instruction.kind !== 'copy' || instruction.from === '') continue;
      const origin = planned.origin(instruction.from);
      if (origin.kind === 'stage') read.add(origin.index);
    }
    if (addsFiles(planned)) read.add(planned.stage.index);
    if (planned.base.kind === 'stage' && read.has(planned.stage.index))
      read.add(planned.base.index);
  }
  return read;
}

/** Adds a hint to the error of an unknown image, if a stage has a similar name. */
export function suggestStage(error: unknown, name: string, { stages }: Dockerfile): unknown {
  if (!(error instanceof DockerceptionError)) return error;
  const names = stages.map((stage) => stage.name).filter((each) => each !== undefined);
  const stage = nearest(name.toLowerCase(), names);
  if (stage === undefined) return error;
  return error.with({
    hint: `there is no stage ${printable(name)}; the nearest is ${printable(stage)}`,
  });
}
