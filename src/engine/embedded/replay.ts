/** Builds in memory what another engine builds from the same context, if the Dockerfile needs the context alone. */
import type { Dockerfile } from '../../dockerfile/instructions/instruction.js';
import { sourceKind } from '../../dockerfile/instructions/parse-copy.js';
import { parseDockerfile } from '../../dockerfile/parse.js';
import { copies, planStages } from '../../dockerfile/stages/plan.js';
import type { Tree } from '../../filesystem/tree.js';
import { hostPlatform } from '../../image/platform.js';
import { toBinary } from '../../text/binary.js';
import type { AssembledSystem, EngineRequest } from '../engine.js';
import { contentChunks } from './spool/contents.js';
import type { Spool } from './spool/spool.js';
import { platformsOf } from './stages/platform.js';
import { SourceTrees } from './stages/source-trees.js';
import { buildTargets } from './stages/stages.js';
import { StepReport } from './stages/step-report.js';

/** A frontend with another syntax than that of Docker's may do anything. */
const SYNTAX = /^\s*(?:#|\/\/)\s*syntax\s*=\s*(?!docker\/dockerfile(?:-upstream)?(?:[:@\s]|$))/im;

/** Whether a request can be replayed, for some Dockerfile. */
export function isReplayable(request: EngineRequest): boolean {
  const { call, platforms, buildContexts, buildArgs } = request;
  const isBuild = call === undefined && platforms.length <= 1;
  return isBuild && Object.keys(buildContexts).length === 0 && !buildArgs['BUILDKIT_SYNTAX'];
}

/**
 * Parses a Dockerfile whose target needs the context alone: neither an image, nor RUN, nor a download.
 * @returns undefined for any other
 * @throws DockerceptionError of kind `build` for an invalid one, or one with RUN
 */
export function replayableDockerfile(
  text: Buffer,
  { file, buildArgs, target, platforms }: EngineRequest,
): Dockerfile | undefined {
  if (SYNTAX.test(text.toString('latin1'))) return undefined;
  const dockerfile = parseDockerfile(text, file);
  const [targetPlatform = hostPlatform()] = platformsOf(platforms);
  const settings = { buildArgs, target, targetPlatform, buildPlatform: hostPlatform() };
  for (const planned of planStages(dockerfile, settings).stages) {
    if (planned.base.kind === 'image') return undefined;
    for (const { from } of copies(planned))
      if (planned.origin(from).kind === 'image') return undefined;
    for (const instruction of planned.instructions) {
      if (instruction.kind === 'onbuild') return undefined;
      if (instruction.kind !== 'add') continue;
      // A variable may be an address.
      const isLocal = (source: string): boolean =>
        sourceKind(source) === 'path' && !source.includes('$');
      if (!instruction.sources.every(isLocal)) return undefined;
    }
  }
  return dockerfile;
}

export interface ReplayOptions {
  readonly request: EngineRequest;
  readonly dockerfile: Dockerfile;
  /** The context. It is changed. */
  readonly tree: Tree;
  /** Has the contents whose offsets are not negative. */
  readonly spool: Spool;
}

/** Executes the instructions on the context. ADD unpacks no archives. Rejects as a build does. */
export async function replay({
  request,
  dockerfile,
  tree,
  spool,
}: ReplayOptions): Promise<AssembledSystem | undefined> {
  const { concealed, insecure, signal } = request;
  for (const path of concealed) tree.remove(toBinary(path).split('/'));
  const report = (): void => undefined;
  const sources = new SourceTrees({
    context: tree,
    contexts: {},
    registry: { env: {}, insecure, report, signal },
    contextOnly: true,
    spool,
    openDirectory: () => Promise.reject(new Error('a replay has no build contexts')),
  });
  const [target] = await buildTargets({
    dockerfile: withoutUnpacking(dockerfile),
    sources,
    platforms: platformsOf(request.platforms),
    spool,
    request,
    env: {},
    report: new StepReport(report),
  });
  if (target === undefined) return undefined;
  const { platform, result, layers } = target;
  return {
    config: { ...platform, config: result.config },
    layers: layers.map(({ after }) => after),
    content: (file) => (file.offset < 0 ? undefined : contentChunks(file, spool)),
  };
}

function withoutUnpacking(dockerfile: Dockerfile): Dockerfile {
  const stages = dockerfile.stages.map((stage) => ({
    ...stage,
    instructions: stage.instructions.map((instruction) =>
      instruction.kind === 'add' ? { ...instruction, unpack: false } : instruction,
    ),
  }));
  return { ...dockerfile, stages };
}
