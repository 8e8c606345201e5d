/** What else a build can use on this machine: credentials, programs, the cache. */
import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DockerceptionError } from '../errors.js';
import { cacheFolder } from '../image/cache/blob-cache.js';
import { configFolder, hostOfKey, readDockerConfig } from '../image/credentials/docker-config.js';
import { redactAddress } from '../text/redact.js';
import { failureOf } from './failure.js';

/** A program, where it was found on PATH, and what needs it. */
export interface ProgramReport {
  readonly name: string;
  readonly path?: string;
  readonly use: string;
}

export interface CredentialsReport {
  /** config.json. */
  readonly file: string;
  /** The registries whose credentials are stored, without them. */
  readonly registries: readonly string[];
  readonly helpers: readonly ProgramReport[];
  readonly error?: DockerceptionError;
}

export interface CacheReport {
  /** Undefined if the environment has no place for caches. */
  readonly folder?: string;
  readonly isWritable: boolean;
  readonly files: number;
  readonly bytes: number;
  /** Whether the time limit kept files from being counted. */
  readonly isPartial: boolean;
}

const PROGRAMS = [
  ['docker', 'builders of buildx, docker-container:// addresses'],
  ['kubectl', 'kube-pod:// addresses'],
  ['ssh', 'ssh:// addresses'],
  ['xz', 'contexts in xz with an unusual checksum'],
  ['bzip2', 'contexts in bzip2'],
  ['zstd', 'layers and contexts in zstd, where Node has no zstd'],
  ['lz4', 'contexts in lz4'],
  ['gzip', 'contexts of compress (.Z)'],
] as const;

export function programReports(env: NodeJS.ProcessEnv): Promise<ProgramReport[]> {
  return Promise.all(PROGRAMS.map(([name, use]) => find(name, use, env)));
}

async function find(name: string, use: string, env: NodeJS.ProcessEnv): Promise<ProgramReport> {
  const folders = (env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  for (const path of folders.map((folder) => join(folder, name))) {
    const isProgram = await access(path, constants.X_OK)
      .then(() => stat(path))
      .then(
        (entry) => entry.isFile(),
        () => false,
      );
    if (isProgram) return { name, path, use };
  }
  return { name, use };
}

/** No helper is run. */
export async function credentialsReport(env: NodeJS.ProcessEnv): Promise<CredentialsReport> {
  const folder = configFolder(env);
  try {
    const { file, auths, credsStore, credHelpers } = await readDockerConfig(folder);
    const uses = new Map<string, string[]>(
      credsStore ? [[credsStore, ['every other registry']]] : [],
    );
    for (const [host, name] of Object.entries(credHelpers))
      uses.set(name, [host, ...(uses.get(name) ?? [])]);
    const helpers = [...uses].map(([name, hosts]) =>
      find(`docker-credential-${name}`, hosts.join(', '), env),
    );
    const registries = Object.keys(auths).map((key) =>
      hostOfKey(redactAddress(key)).replace(/^.*@/, ''),
    );
    return { file, registries, helpers: await Promise.all(helpers) };
  } catch (error) {
    const file = join(folder, 'config.json');
    return { file, registries: [], helpers: [], error: failureOf(error) };
  }
}

export async function cacheReport(
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<CacheReport> {
  const layers = cacheFolder('layers', env);
  let [files, bytes] = [0, 0];
  if (layers === undefined) return { isWritable: false, files, bytes, isPartial: false };
  const folder = dirname(layers);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (signal.aborted) break;
    if (!entry.isFile()) continue;
    const size = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    files++;
    bytes += size?.size ?? 0;
  }
  return { folder, isWritable: await isWritable(folder), files, bytes, isPartial: signal.aborted };
}

/** Whether a folder is writable, or can be created. */
async function isWritable(folder: string): Promise<boolean> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT' && folder !== '/';
    return isMissing && isWritable(dirname(folder));
  }
}
