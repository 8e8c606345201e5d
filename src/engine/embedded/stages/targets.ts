/** The target of a build for each platform. */
import type { Dockerfile } from '../../../dockerfile/instructions/instruction.js';
import { isFile } from '../../../filesystem/node.js';
import type { Platform } from '../../../image/descriptor.js';
import { formatPlatform, hostPlatform, parsePlatform } from '../../../image/platform.js';
import { printable } from '../../../text/printable.js';
import type { AssembledSystem, EngineRequest, ImageCheck } from '../../engine.js';
import { CONTENT_CHUNK, contentChunks } from '../spool/contents.js';
import type { Spool } from '../spool/spool.js';
import type { Origins } from './origins.js';
import { refuseWindows } from './platform.js';
import { buildStages, type BuiltTarget } from './stages.js';
import type { StepReport } from './step-report.js';

export interface TargetsOptions {
  readonly dockerfile: Dockerfile;
  readonly origins: Origins;
  readonly platforms: readonly Platform[];
  readonly spool: Spool;
  readonly build: EngineRequest;
  /** Whether the whole file system of each target is written, with the contents of its base. */
  readonly flat: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly report: StepReport;
}

/** Builds the targets in the order of the platforms. Rejects with errors of kind build that name file and line. */
export async function buildTargets(options: TargetsOptions): Promise<BuiltTarget[]> {
  const { dockerfile, origins, platforms, spool, build, flat, env, report } = options;
  const { buildArgs, target, labels, addHosts, buildContexts, signal } = build;
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
        flat,
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

/** The requested platforms, or that of this machine. Throws PLATFORM_INVALID, PLATFORM_WINDOWS. */
export function platformsOf({ platforms }: EngineRequest): readonly Platform[] {
  if (platforms.length === 0) return [hostPlatform()];
  // Different spellings of a platform are one platform.
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

/** A spool that has only the first bytes of some contents. */
export interface PartialSpool extends Spool {
  /** Those bytes; undefined for a complete content. */
  headOf(offset: number): Buffer | undefined;
}

/** Passes each target to the check. Rejects with the check's error. */
export async function checkTargets(
  targets: readonly BuiltTarget[],
  spool: PartialSpool,
  check: ImageCheck,
): Promise<void> {
  for (const target of targets) await check.assembled(await systemOf(target, spool));
}

async function systemOf(target: BuiltTarget, spool: PartialSpool): Promise<AssembledSystem> {
  const { platform, result, layers } = target;
  const chunk = Buffer.allocUnsafeSlow(CONTENT_CHUNK);
  return {
    config: { ...platform, config: result.config },
    layers: [...(await target.imageLayers()), ...layers.map(({ after }) => after)],
    content: (file) => {
      if (!isFile(file) || file.offset < 0) return undefined;
      const head = spool.headOf(file.offset);
      // The check needs no more of these: see ImageCheck.needsContent.
      return head === undefined ? contentChunks(file, spool, chunk) : [head];
    },
  };
}
