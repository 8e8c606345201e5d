/** What a build's options ask for: the target, for each platform. */
import type { Dockerfile } from '../../../dockerfile/instruction.js';
import type { Platform } from '../../../image/descriptor.js';
import { formatPlatform, hostPlatform, parsePlatform } from '../../../image/platform.js';
import { printable } from '../../../tar/printable.js';
import type { BuildOptions } from '../../engine.js';
import type { Origins } from './origins.js';
import { isImageOutput } from '../output/outputs.js';
import type { Spool } from '../spool/spool.js';
import { buildStages, type BuiltTarget } from './stages.js';
import type { StepReport } from './step-report.js';
import { refuseWindows } from './windows.js';

/** What targets are built from. */
export interface TargetsOptions {
  readonly dockerfile: Dockerfile;
  readonly origins: Origins;
  readonly platforms: readonly Platform[];
  readonly spool: Spool;
  readonly build: BuildOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report: StepReport;
}

/** In the order of the platforms. Rejects with errors of kind build that name file and line. */
export async function buildTargets(options: TargetsOptions): Promise<BuiltTarget[]> {
  const { dockerfile, origins, platforms, spool, build, env, report } = options;
  const { buildArgs, target, labels, outputs, addHosts, buildContexts, signal } = build;
  const targets: BuiltTarget[] = [];
  for (const targetPlatform of platforms)
    targets.push(
      await buildStages({
        dockerfile,
        origins,
        spool,
        labels,
        env,
        addHosts,
        signal,
        report,
        prefix: platforms.length > 1 ? `${formatPlatform(targetPlatform)} ` : '',
        flat: outputs.some((output) => !isImageOutput(output)),
        buildArgs,
        target,
        targetPlatform,
        platformAsked: build.platforms.length > 0,
        buildPlatform: hostPlatform(),
        contexts: Object.keys(buildContexts),
      }),
    );
  return targets;
}

/** The platforms that were asked for, or this machine's. Throws PLATFORM_INVALID for what is none, PLATFORM_WINDOWS. */
export function platformsOf({ platforms }: BuildOptions): readonly Platform[] {
  if (platforms.length === 0) return [hostPlatform()];
  // An index has each of them once, however it was written.
  return [
    ...new Map(
      platforms.map((text) => {
        const platform = parsePlatform(text);
        refuseWindows(platform.os, `reading the platform "${printable(text)}"`, 'usage');
        return [formatPlatform(platform), platform] as const;
      }),
    ).values(),
  ];
}
