/** The builders that buildx has created, as it stores them (docker/buildx, store/nodegroup.go), and as it lists them. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { configFolder } from '../image/credentials/docker-config.js';
import { tryParseJson } from '../image/document.js';

interface StoredBuilder {
  readonly Driver?: unknown;
  readonly Nodes?: readonly { readonly Endpoint?: unknown }[] | null;
}

/** Their names, sorted. Each docker context is a builder, too. */
export async function builderNames(env: NodeJS.ProcessEnv): Promise<string[]> {
  return (await readdir(folderOf(env)).catch(() => [])).sort();
}

/** A builder by its name; without members if it is damaged. */
export async function storedBuilder(name: string, env: NodeJS.ProcessEnv): Promise<StoredBuilder> {
  const text = await readFile(join(folderOf(env), name), 'utf8').catch(() => '');
  return tryParseJson(text) ?? {};
}

/** What `docker buildx inspect` says of a node. */
interface BuilderNode {
  /** `running`, `inactive`. */
  readonly status?: string;
  readonly version?: string;
  readonly platforms: readonly string[];
}

export interface BuilderListing {
  readonly nodes: readonly BuilderNode[];
  /** Why buildx does not reach the builder, or a node. */
  readonly failure?: string;
}

/** Lists the nodes of a builder, without starting it. Rejects as `execFile` does if buildx fails. */
export async function listNodes(
  name: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<BuilderListing> {
  const options = { env, signal, killSignal: 'SIGKILL' } as const;
  const { stdout } = await promisify(execFile)('docker', ['buildx', 'inspect', name], options);
  const failure = valueIn(stdout, 'Error');
  const nodes = stdout.split(/^Endpoint:/m).slice(1);
  return { nodes: nodes.map(parseNode), ...(failure !== undefined && { failure }) };
}

function parseNode(text: string): BuilderNode {
  const status = valueIn(text, 'Status');
  // It had another name before buildx 0.11.
  const version = valueIn(text, 'BuildKit version') ?? valueIn(text, 'Buildkit');
  // A `*` marks platforms that are configured.
  const platforms = valueIn(text, 'Platforms')?.replaceAll('*', '').split(', ') ?? [];
  return {
    ...(status !== undefined && { status }),
    ...(version !== undefined && { version }),
    platforms,
  };
}

/** The value of a line `KEY:   VALUE`. */
function valueIn(text: string, key: string): string | undefined {
  return new RegExp(`^${key}:[ \\t]*(\\S.*)$`, 'm').exec(text)?.[1];
}

function folderOf(env: NodeJS.ProcessEnv): string {
  return join(env['BUILDX_CONFIG'] || join(configFolder(env), 'buildx'), 'instances');
}
