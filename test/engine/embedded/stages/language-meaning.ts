/** What this project's own reading makes of a Dockerfile that needs no context. */
import { parseDockerfile } from '../../../../src/dockerfile/parse.js';
import { planStages } from '../../../../src/dockerfile/stages/plan.js';
import {
  createdBy,
  evaluateStage,
  type StageResult,
} from '../../../../src/engine/embedded/stages/evaluate-stage.js';
import type { ContainerConfig, History } from '../../../../src/image/config.js';
import type { Platform } from '../../../../src/image/descriptor.js';
import { parsePlatform } from '../../../../src/image/platform.js';
import type { LanguageCase } from './language-cases.js';

/** What BuildKit said. */
export interface Recorded {
  readonly error?: string;
  readonly config?: ContainerConfig;
  readonly author?: string;
  readonly history?: readonly Pick<History, 'created_by' | 'empty_layer'>[];
}

/** The machine that the answers were recorded on. */
const HERE: Platform = { os: 'linux', architecture: 'amd64' };

/** What this project makes of it; the history of the target's bases in front of its own. */
export function meaning({ dockerfile: text, args = [] }: LanguageCase): Recorded {
  const values = (name: string): string[] =>
    args.flatMap((arg, index) => (arg === name ? [args[index + 1] as string] : []));
  const pairs = values('--build-arg').map((arg): [string, string] => {
    const equals = arg.indexOf('=');
    return [arg.slice(0, equals), arg.slice(equals + 1)];
  });
  const [platform] = values('--platform');
  const buildArgs = Object.fromEntries(pairs);
  const dockerfile = parseDockerfile(text, 'Dockerfile');
  const plan = planStages(dockerfile, {
    buildArgs,
    target: values('--target')[0],
    buildPlatform: HERE,
    targetPlatform: platform === undefined ? HERE : parsePlatform(platform),
  });
  const context = {
    dockerfile,
    globals: plan.globals,
    buildArgs,
    warn: () => undefined,
    ignores: () => false,
  };
  const results = new Map<number, StageResult>();
  const history = new Map<number, NonNullable<Recorded['history']>>();
  for (const { stage, base } of plan.stages) {
    const from = base.kind === 'stage' ? base.index : -1;
    const result = evaluateStage(stage, results.get(from), context);
    results.set(stage.index, result);
    const own = result.steps.map((step) => ({
      created_by: createdBy(step),
      ...(step.kind === 'config' && { empty_layer: true }),
    }));
    history.set(stage.index, [...(history.get(from) ?? []), ...own]);
  }
  const { index } = plan.target.stage;
  const { config, author } = results.get(index) as StageResult;
  return { config, ...(author !== undefined && { author }), history: history.get(index) ?? [] };
}
