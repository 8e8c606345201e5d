/** The builders of buildx, and the BuildKit that the environment names. */
import type { ExecFileException } from 'node:child_process';
import { type Builder, namedBuilder } from '../engine/buildkit/builder.js';
import { askVersion } from '../engine/buildkit/connection.js';
import { contextNames } from '../engine/docker/endpoint.js';
import { builderNames, listNodes, storedBuilder } from '../engine/stored-builders.js';
import { DockerceptionError, messageOf } from '../errors.js';
import { IMAGE } from '../options/image.js';
import { normalise } from '../options/schema.js';
import { redactAddress } from '../text/redact.js';
import { failureOf, NO_ANSWER } from './failure.js';

/** A BuildKit. */
export interface BuilderReport {
  readonly name: string;
  /** Whether the environment names it. */
  readonly isDefault: boolean;
  /** Of buildx: `docker-container`, `kubernetes`, `remote`. */
  readonly driver?: string;
  readonly nodes?: readonly string[];
  /** `running`, `inactive`. buildx starts an inactive builder when a build needs it. */
  readonly status?: string;
  readonly version?: string;
  readonly error?: DockerceptionError;
}

export async function builderReports(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<BuilderReport[]> {
  const names = await builderNames(env);
  let used: Builder | undefined;
  try {
    used = namedBuilder(undefined, env);
  } catch (error) {
    const name = env['BUILDX_BUILDER'] || env['BUILDKIT_HOST'] || '';
    const invalid = { name: redactAddress(name), isDefault: true, error: failureOf(error) };
    return [invalid, ...(await Promise.all(names.map((one) => created(one, false, env, signal))))];
  }
  const usedName = used?.buildxName?.toLowerCase();
  const others = names.map((name) => created(name, name === usedName, env, signal));
  const isListed = used === undefined || (usedName !== undefined && names.includes(usedName));
  return Promise.all([...(isListed ? [] : [named(used as Builder, env, signal)]), ...others]);
}

/** A builder that buildx has not created: an address, or a docker context. */
async function named(
  builder: Builder,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<BuilderReport> {
  const { name, buildxName } = builder;
  const found = { name, isDefault: true };
  if (buildxName !== undefined) {
    if ((await contextNames(env)).includes(buildxName)) return { ...found, driver: 'docker' };
    return { ...found, error: unreachable(buildxName, 'there is no such builder') };
  }
  const request = { ...normalise(IMAGE, {}), report: () => undefined };
  try {
    const version = await askVersion(builder, request, signal);
    return { ...found, status: 'running', version: version ?? 'before v0.11' };
  } catch (error) {
    return { ...found, error: failureOf(error, signal, `reaching BuildKit at ${name}`) };
  }
}

/** A builder that buildx has created. It is not started. */
async function created(
  name: string,
  isDefault: boolean,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<BuilderReport> {
  const { Driver, Nodes } = await storedBuilder(name, env);
  const nodes = (Nodes ?? []).map(({ Endpoint }) => redactAddress(String(Endpoint)));
  const found = { name, isDefault, ...(typeof Driver === 'string' && { driver: Driver }), nodes };
  try {
    const { nodes: listed, failure } = await listNodes(name, env, signal);
    const [{ status, version } = {}] = listed;
    return {
      ...found,
      ...(status !== undefined && { status }),
      ...(version !== undefined && { version }),
      ...(failure !== undefined && { error: unreachable(name, failure) }),
    };
  } catch (error) {
    return { ...found, error: unreachable(name, reasonOf(error, signal)) };
  }
}

function reasonOf(error: unknown, { aborted }: AbortSignal): string {
  const { code, stderr = '' } = error as ExecFileException;
  if (aborted) return NO_ANSWER;
  if (code === 'ENOENT') return 'there is no docker on PATH';
  return (
    stderr
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^ERROR: /, '') || messageOf(error)
  );
}

function unreachable(name: string, why: string): DockerceptionError {
  const message = `reaching BuildKit at builder ${name}: ${why}`;
  return new DockerceptionError('engine', 'ENGINE_UNREACHABLE', message, {
    hint: '`docker buildx ls` lists the builders',
  });
}
