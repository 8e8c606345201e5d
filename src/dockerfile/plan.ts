/**
 * Which stages a build needs: the target, the stages it is made from, and those it copies from
 * (BuildKit, dockerfile2llb). What no engine without RUN can do is refused before any work.
 */
import type { Dockerfile } from './instruction.js';
import { globalScope } from './scope.js';
import type { Variables } from './shell.js';
import { type GraphOptions, type PlannedStage, StageGraph } from './stage-graph.js';

export type { PlannedStage } from './stage-graph.js';

/** What a plan is made from. */
export type PlanOptions = GraphOptions;

/** A build. */
export interface BuildPlan {
  /** Every stage that is needed, each behind those it needs itself. */
  readonly stages: readonly PlannedStage[];
  /** The last of them. */
  readonly target: PlannedStage;
  /** The variables of FROM. */
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
  // A stage comes behind what it needs, for nothing that comes later can be needed.
  const stages = needed.map((index) => graph.planned(index));
  return { stages, target: graph.planned(target), globals };
}
