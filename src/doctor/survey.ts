/** Which engine a build with no options uses on this machine, and what else it could use. Nothing is changed. */
import { chooseEngine } from '../engine/choose.js';
import type { EngineSettings } from '../engine/engine.js';
import { DockerceptionError } from '../errors.js';
import type { EngineName } from '../options/build.js';
import { IMAGE } from '../options/image.js';
import { normalise } from '../options/schema.js';
import { type BuilderReport, builderReports } from './builders.js';
import { type EngineReport, engineReports } from './engines.js';
import { failureOf, NO_ANSWER, TIME_LIMIT } from './failure.js';
import {
  type CacheReport,
  cacheReport,
  type CredentialsReport,
  credentialsReport,
  type ProgramReport,
  programReports,
} from './machine.js';

export interface Survey {
  readonly choice: ChoiceReport;
  readonly engines: readonly EngineReport[];
  readonly builders: readonly BuilderReport[];
  readonly credentials: CredentialsReport;
  readonly programs: readonly ProgramReport[];
  readonly cache: CacheReport;
}

interface ChoiceReport {
  /** Undefined if a setting is invalid. */
  readonly engine?: Exclude<EngineName, 'auto'>;
  /** Its address, if it has one. */
  readonly name?: string;
  readonly why: string;
  /** Why a Dockerfile with RUN cannot be built. */
  readonly error?: DockerceptionError;
}

/**
 * Asks everything at the same time, for at most {@link TIME_LIMIT}.
 * @param name the engine of DOCKERCEPTION_ENGINE
 * @param defaultSocket the engine's socket if the environment names none. @default /var/run/docker.sock
 */
export async function survey(
  name: EngineName,
  given: NodeJS.ProcessEnv,
  stop: AbortSignal,
  defaultSocket?: string,
): Promise<Survey> {
  const limit = new AbortController();
  const late = new DockerceptionError('engine', 'ENGINE_UNREACHABLE', NO_ANSWER);
  const timer = setTimeout(() => limit.abort(late), TIME_LIMIT);
  const signal = AbortSignal.any([stop, limit.signal]);
  // ssh asks this program for a password, not the terminal.
  const env = { ...given, SSH_ASKPASS: 'false', SSH_ASKPASS_REQUIRE: 'force' };
  try {
    const [engines, builders, credentials, programs, cache, chosen] = await Promise.all([
      engineReports(env, signal, defaultSocket),
      builderReports(env, signal),
      credentialsReport(env),
      programReports(env),
      cacheReport(env, signal),
      choose(name, { env, ...(defaultSocket !== undefined && { defaultSocket }) }, signal),
    ]);
    stop.throwIfAborted();
    const choice = explain(
      name,
      chosen,
      engines[0],
      builders.find(({ isDefault }) => isDefault),
    );
    return { choice, engines, builders, credentials, programs, cache };
  } finally {
    clearTimeout(timer);
  }
}

/** What a build of an image with a name chooses, or the error. */
async function choose(
  name: EngineName,
  given: Pick<EngineSettings, 'env' | 'defaultSocket'>,
  signal: AbortSignal,
): Promise<Exclude<EngineName, 'auto'> | DockerceptionError> {
  const request = normalise(IMAGE, { tags: ['image'] });
  const openDirectory = (): Promise<never> => Promise.reject(new Error('nothing is built'));
  const settings = { ...given, stdout: process.stdout, keepOwner: false, openDirectory };
  try {
    const report = (): undefined => undefined;
    return (await chooseEngine(name, { ...request, report, signal }, settings)).name;
  } catch (error) {
    return failureOf(error);
  }
}

function explain(
  name: EngineName,
  chosen: Awaited<ReturnType<typeof choose>>,
  engine: EngineReport | undefined,
  builder: BuilderReport | undefined,
): ChoiceReport {
  if (chosen instanceof DockerceptionError) return { why: chosen.message, error: chosen };
  const byName = `DOCKERCEPTION_ENGINE is ${name}`;
  if (chosen === 'buildkit') {
    const why = builder === undefined ? byName : 'BUILDX_BUILDER or BUILDKIT_HOST names it';
    return { engine: chosen, why, ...pickReport(builder) };
  }
  if (name === 'embedded') return { engine: name, why: byName };
  const named =
    engine?.origin === 'default socket' ? 'nothing else is named' : `${engine?.origin} names it`;
  if (chosen === 'docker')
    return {
      engine: chosen,
      why: name === 'docker' ? `${byName}, and ${named}` : named,
      ...(engine?.address !== undefined && { name: engine.address }),
      ...(engine?.error && { error: engine.error }),
    };
  const why = 'no engine is named, and none answers: an image without RUN goes to an archive';
  return { engine: chosen, why, ...(engine?.error && { error: engine.error }) };
}

function pickReport(builder: BuilderReport | undefined): Pick<ChoiceReport, 'name' | 'error'> {
  return {
    ...(builder && { name: builder.name }),
    ...(builder?.error && { error: builder.error }),
  };
}
