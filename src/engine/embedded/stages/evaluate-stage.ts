/**
 * Evaluates a stage on its base: the resulting configuration, and the steps that change the file system, with all words
 * expanded (BuildKit, dockerfile2llb). It does no I/O.
 */
import type { Stage } from '../../../dockerfile/instructions/instruction.js';
import { parseTrigger } from '../../../dockerfile/parse.js';
import { placed } from '../../../dockerfile/reason.js';
import type { Variables } from '../../../dockerfile/syntax/shell.js';
import type { ContainerConfig } from '../../../image/config.js';
import type { Step } from '../steps/step.js';
import { applyInstruction, type EvaluationContext } from './evaluate-instruction.js';
import { type StageBase, StageState } from './stage-state.js';

export type { StageBase } from './stage-state.js';

/** An evaluated stage, which can be the base of another. */
export interface StageResult {
  /** The configuration after the last step. */
  readonly config: ContainerConfig;
  readonly author: string | undefined;
  readonly steps: readonly Step[];
  readonly variables: Variables;
}

/**
 * Evaluates a stage.
 * @param base `undefined` for scratch
 * @throws DockerceptionError of kind `build`: `DOCKERFILE_SYNTAX` for an invalid word or value,
 *   `DOCKERFILE_RUN` for a RUN, a base's trigger too, `DOCKERFILE_GIT` for an ADD of a repository
 */
export function evaluateStage(
  stage: Stage,
  base: StageBase | undefined,
  context: EvaluationContext,
): StageResult {
  const { dockerfile } = context;
  const state = new StageState(base);
  const triggers = state
    .takeTriggers()
    .map((trigger) => parseTrigger(trigger, dockerfile.name, stage.line));
  const steps: Step[] = [];
  for (const instruction of [...triggers, ...stage.instructions]) {
    const step = placed(dockerfile.name, instruction.line, () =>
      applyInstruction(instruction, state, context),
    );
    if (step) steps.push(step);
  }
  return { config: state.config(), author: state.author, steps, variables: state.variables };
}

/** The `created_by` text of the history. As in BuildKit, COPY and ADD are marked. */
export function createdBy(step: Step): string {
  return step.kind === 'copy' || step.kind === 'add' ? `${step.text} # buildkit` : step.text;
}

/** Adds the labels of the command line, which override those of the Dockerfile. */
export function withLabels(
  config: ContainerConfig,
  labels: Readonly<Record<string, string>>,
): ContainerConfig {
  return new StageState({ config }).addLabels(Object.entries(labels)).config();
}
