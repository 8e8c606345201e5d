/**
 * The stages that a build needs: the target, its bases, and the sources of its copies (BuildKit, dockerfile2llb). RUN is
 * refused before any work.
 */
import { DockerceptionError } from '../../errors.js';
import type { Platform } from '../../image/descriptor.js';
import { quote } from '../../text/go.js';
import { printable } from '../../text/printable.js';
import { nearest, suggest } from '../../text/suggest.js';
import type {
  CopyInstruction,
  Dockerfile,
  Instruction,
  Stage,
} from '../instructions/instruction.js';
import { parseTrigger } from '../parse.js';
import { placed, Reason, refusal } from '../reason.js';
import { expandWord, type Variables } from '../syntax/shell.js';
import { type BuildSettings, expandFrom, globalScope } from './scope.js';

export interface PlanOptions extends BuildSettings {
  /** Names of `--build-context`: they replace stages of the same name. @default none */
  readonly contexts?: readonly string[];
  /** ONBUILD triggers of base images, by the index of the stage. @default none */
  readonly triggers?: ReadonlyMap<number, readonly string[]>;
}

export interface BuildPlan {
  /** The stages that are needed, in the order of the file; a stage follows those that it needs. */
  readonly stages: readonly PlannedStage[];
  readonly target: PlannedStage;
  readonly globals: Variables;
}

/**
 * Plans a build.
 * @throws DockerceptionError of kind `build`: `DOCKERFILE_TARGET`, `DOCKERFILE_RUN`,
 *   `DOCKERFILE_SYNTAX`
 */
export function planStages(dockerfile: Dockerfile, options: PlanOptions): BuildPlan {
  const globals = globalScope(dockerfile, options);
  const graph = new StageGraph(dockerfile, options, globals);
  const target = graph.target(options.target);
  graph.refuseCircles();
  const needed = graph.reachable(target);
  return {
    stages: needed.map((index) => graph.planned(index)),
    target: graph.planned(target),
    globals,
  };
}

type Origin =
  | { readonly kind: 'scratch' }
  | { readonly kind: 'stage'; readonly index: number }
  /** A build context, or else an image. */
  | { readonly kind: 'image'; readonly name: string };

export interface PlannedStage {
  readonly stage: Stage;
  /** Its name, or `stage-1`. */
  readonly label: string;
  readonly base: Origin;
  /** The platform of FROM; `undefined` for the target's. */
  readonly platform: Platform | undefined;
  readonly instructions: readonly Instruction[];
  /** Resolves `--from` of its instructions. */
  origin(from: string): Origin;
}

/** The stages of a Dockerfile with their dependencies. The constructor checks every FROM and --from. */
class StageGraph {
  private readonly nodes: PlannedStage[] = [];

  constructor(
    private readonly dockerfile: Dockerfile,
    options: PlanOptions,
    globals: Variables,
  ) {
    const hidden = (options.contexts ?? []).map((name) => name.toLowerCase());
    for (const each of dockerfile.stages) {
      const from = expandFrom(each, dockerfile, globals, options.buildPlatform);
      const context = hidden.find((name) => name === each.name);
      const stage = context === undefined ? each : { ...each, instructions: [] };
      const base = context === undefined ? this.base(from.base) : imageOf(context);
      const texts = options.triggers?.get(stage.index) ?? [];
      const triggers = texts.map((text) => parseTrigger(text, dockerfile.name, stage.line));
      this.nodes.push({
        stage,
        label: stage.name ?? `stage-${stage.index}`,
        base,
        platform: from.platform,
        origin: (name) => this.origin(name),
        instructions: [...triggers, ...this.triggersOf(base), ...stage.instructions],
      });
    }
    for (const node of this.nodes)
      for (const { line, from } of copies(node)) this.check(line, from);
  }

  planned(index: number): PlannedStage {
    return this.nodes[index] as PlannedStage;
  }

  /** The stage of `--target`; by default the last one. */
  target(wanted: string | undefined): number {
    const { stages, name } = this.dockerfile;
    if (wanted === undefined || wanted === '') return stages.length - 1;
    const index = this.byName(wanted);
    if (index !== undefined) return index;
    if (/^\d+$/.test(wanted) && Number(wanted) < stages.length) return Number(wanted);
    const names = stages.map((stage) => stage.name).filter((each) => each !== undefined);
    const message = `target stage ${quote(wanted)} could not be found`;
    const near = nearest(wanted, names);
    const all = `its stages: ${names.map((each) => printable(each)).join(', ')}`;
    const hint = near !== undefined || names.length === 0 ? undefined : all;
    const why = suggest(message, wanted, names, true);
    throw refusal(name, 0, new Reason(why, 'DOCKERFILE_TARGET', hint));
  }

  /** The target and the stages that it needs, in the order of the file. */
  reachable(target: number): number[] {
    const found = new Set<number>([target]);
    for (const index of found) {
      const node = this.planned(index);
      const run = node.instructions.find(({ kind }) => kind === 'run');
      if (run !== undefined) throw runRefusal(this.dockerfile.name, run.line);
      if (node.base.kind === 'stage') found.add(node.base.index);
      for (const { line, from } of copies(node)) {
        const origin = this.origin(from);
        if (origin.kind !== 'stage') continue;
        if (origin.index >= index) {
          const why = `it needs to be defined before current stage ${quote(node.label)}`;
          const reason = new Reason(`cannot copy from stage ${quote(from)}, ${why}`);
          throw refusal(this.dockerfile.name, line, reason);
        }
        found.add(origin.index);
      }
    }
    return [...found].sort((a, b) => a - b);
  }

  /** Reports a cycle of COPY --from, before one of its stages is reported as too early. */
  refuseCircles(): void {
    const done = new Set<number>();
    const open = new Set<number>();
    // Not recursive, since there may be many stages.
    const path: { readonly index: number; readonly rest: CopyInstruction[] }[] = [];
    const enter = (index: number): void => {
      if (done.has(index)) return;
      done.add(index);
      open.add(index);
      path.push({ index, rest: copies(this.planned(index)).reverse() });
    };
    for (const [start, { label }] of this.nodes.entries()) {
      enter(start);
      for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
        const next = last.rest.pop();
        if (next === undefined) {
          path.pop();
          open.delete(last.index);
          continue;
        }
        const origin = this.origin(next.from);
        if (origin.kind !== 'stage') continue;
        if (open.has(origin.index)) {
          const reason = new Reason(`circular dependency detected on stage: ${label}`);
          throw refusal(this.dockerfile.name, next.line, reason);
        }
        enter(origin.index);
      }
    }
  }

  /** FROM finds only the stages above, by their exact names. */
  private base(name: string): Origin {
    const index = this.nodes.findLastIndex(({ stage }) => stage.name === name);
    if (index >= 0) return { kind: 'stage', index };
    return name === 'scratch' ? { kind: 'scratch' } : imageOf(name);
  }

  private origin(from: string): Origin {
    const index = /^[-+]?\d+$/.test(from) ? Number(from) : this.byName(from);
    return index === undefined ? imageOf(from) : { kind: 'stage', index };
  }

  /** The last stage of that name. */
  private byName(name: string): number | undefined {
    const index = this.dockerfile.stages.findLastIndex(
      (stage) => stage.name === name.toLowerCase(),
    );
    return index < 0 ? undefined : index;
  }

  private triggersOf(base: Origin): Instruction[] {
    if (base.kind !== 'stage') return [];
    return this.planned(base.index).stage.instructions.flatMap((each) =>
      each.kind === 'onbuild' ? [parseTrigger(each.trigger, this.dockerfile.name, each.line)] : [],
    );
  }

  private check(line: number, from: string): void {
    const { name, escape, stages } = this.dockerfile;
    placed(name, line, () => {
      if (expandWord(from, new Map(), { escape }) !== from) {
        const instead = 'define a new stage with FROM using ARG from global scope as a workaround';
        throw new Reason(`variable expansion is not supported for --from, ${instead}`);
      }
      const origin = this.origin(from);
      if (origin.kind === 'stage' && (origin.index < 0 || origin.index >= stages.length))
        throw new Reason(`invalid stage index ${origin.index}`);
    });
  }
}

/** The error for a RUN, of kind `build`. */
export function runRefusal(name: string, line: number): DockerceptionError {
  const message = `building ${printable(name)}:${line}: the embedded engine runs no RUN`;
  const hint = 'an engine that runs commands can build it: `engine: docker`';
  return new DockerceptionError('build', 'DOCKERFILE_RUN', message, { hint });
}

function imageOf(name: string): Origin {
  return { kind: 'image', name };
}

/** The instructions of a stage that copy from another stage, a build context or an image. */
export function copies({ instructions }: PlannedStage): CopyInstruction[] {
  return instructions.filter(
    (each): each is CopyInstruction => each.kind === 'copy' && each.from !== '',
  );
}
