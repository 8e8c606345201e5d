/** Builds the target of a build for each platform. */
import { type BuildPlan, type PlanOptions, planStages } from '../../../dockerfile/stages/plan.js';
import { isFile, type Leaf } from '../../../filesystem/node.js';
import type { Platform } from '../../../image/descriptor.js';
import { formatPlatform, hostPlatform } from '../../../image/platform.js';
import { printable } from '../../../text/printable.js';
import type { ImageCheck } from '../../engine.js';
import { CONTENT_CHUNK, contentChunks } from '../spool/contents.js';
import type { Spool } from '../spool/spool.js';
import { located } from '../steps/execute-step.js';
import { refuseWindows } from './platform.js';
import { type BuiltTarget, StageBuilder, suggestStage, type TargetOptions } from './stages.js';

export interface TargetsOptions extends Omit<TargetOptions, 'platform' | 'prefix'> {
  readonly platforms: readonly Platform[];
}

/** Builds the targets in the order of the platforms. Rejects with errors of kind build that name file and line. */
export async function buildTargets(options: TargetsOptions): Promise<BuiltTarget[]> {
  const targets: BuiltTarget[] = [];
  for (const platform of options.platforms) {
    const prefix = options.platforms.length > 1 ? `${formatPlatform(platform)} ` : '';
    const target: TargetOptions = { ...options, platform, prefix };
    targets.push(await new StageBuilder(await planWithTriggers(target), target).target());
  }
  return targets;
}

/** Refuses unsupported Dockerfiles before it looks up bases, then plans again with the ONBUILD triggers of the bases. */
async function planWithTriggers(options: TargetOptions): Promise<BuildPlan> {
  const { dockerfile, request, platform } = options;
  const { buildArgs, target, buildContexts } = request;
  const [targetPlatform, buildPlatform] = [platform, hostPlatform()];
  const contexts = Object.keys(buildContexts);
  const settings: PlanOptions = { buildArgs, target, targetPlatform, buildPlatform, contexts };
  let triggers = new Map<number, readonly string[]>();
  for (;;) {
    const plan = planStages(dockerfile, { ...settings, triggers });
    const found = await findTriggers(plan, options);
    // A trigger may need another stage, whose base has triggers of its own.
    if (found.size === triggers.size) return plan;
    triggers = found;
  }
}

async function findTriggers(
  { stages }: BuildPlan,
  { dockerfile, sources, platform: targetPlatform }: TargetOptions,
): Promise<Map<number, readonly string[]>> {
  const triggers = new Map<number, readonly string[]>();
  for (const { stage, base, platform } of stages) {
    if (platform !== undefined) {
      const from = `reading ${printable(dockerfile.name)}:${stage.line}`;
      refuseWindows(platform.os, `${from}: FROM --platform=${formatPlatform(platform)}`);
    }
    if (base.kind !== 'image') continue;
    const wanted = platform ?? targetPlatform;
    const found = await sources.find(base.name, wanted).catch((error: unknown) => {
      const { name: file } = dockerfile;
      throw located(suggestStage(error, base.name, dockerfile), { file, line: stage.line });
    });
    const onBuild = found.image?.config.config?.OnBuild ?? [];
    if (onBuild.length > 0) triggers.set(stage.index, onBuild);
  }
  return triggers;
}

/** Passes each target to the check. Rejects with the check's error. */
export async function checkTargets(
  targets: readonly BuiltTarget[],
  spool: Spool,
  check: ImageCheck,
): Promise<void> {
  const chunk = Buffer.allocUnsafeSlow(CONTENT_CHUNK);
  const content = (file: Leaf): Iterable<Buffer> | undefined => {
    if (!isFile(file) || file.offset < 0) return undefined;
    const head = spool.headOf(file.offset);
    // The check needs no more of these: see ImageCheck.needsContent.
    return head === undefined ? contentChunks(file, spool, chunk) : [head];
  };
  for (const { platform, result, layers, imageLayers } of targets)
    await check.assembled({
      config: { ...platform, config: result.config },
      layers: [...(await imageLayers()), ...layers.map(({ after }) => after)],
      content,
    });
}
