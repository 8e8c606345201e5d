/** The builders that buildx has created, as it stores them (docker/buildx, store/nodegroup.go). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
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

function folderOf(env: NodeJS.ProcessEnv): string {
  return join(env['BUILDX_CONFIG'] || join(configFolder(env), 'buildx'), 'instances');
}
