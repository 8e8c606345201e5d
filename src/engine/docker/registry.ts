/**
 * Transfers of images between an engine and registries (Engine API, ImageCreate, ImagePush), and the credentials for them.
 * Most errors are sent with HTTP 200: a transfer has succeeded if its answer ends without one.
 */
import { DockerceptionError, messageOf } from '../../errors.js';
import { credentialHint, isCredentialRefusal } from '../../image/credentials/credential-hint.js';
import {
  type Credential,
  type CredentialStore,
  credentialStore,
} from '../../image/credentials/credentials.js';
import { credentialKey, hostOfKey, HUB_KEY } from '../../image/credentials/docker-config.js';
import { registryOf, splitTag } from '../../image/reference.js';
import { addSecrets } from '../../text/redact.js';
import type { EngineRequest } from '../engine.js';
import { type ClassicMessage, ClassicProgress } from './classic-progress.js';
import type { Connection } from './connection.js';
import { isRefusal } from './failures.js';
import { imagePath } from './images.js';
import { JsonLines } from './upload.js';

type TransferOptions = Pick<EngineRequest, 'report' | 'signal'>;

/** @throws DockerceptionError of kind engine: PULL_REFUSED, PULL_FAILED; the reason of the signal. */
export async function pullIntoEngine(
  connection: Connection,
  reference: string,
  { env, ...options }: TransferOptions & { readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  const [name, tag] = reference.includes('@') ? [reference, ''] : splitTag(reference);
  const query = new URLSearchParams({ fromImage: name, ...(tag !== '' && { tag }) });
  const path = `/images/create?${query.toString()}`;
  const credentials = credentialStore(env);
  const failure = await transfer(connection, 'pull', reference, path, credentials, options);
  const hint = 'the engine doesn’t have that image either: is the name right?';
  if (failure !== undefined) throw failure.with({ hint: failure.hint ?? hint });
}

/**
 * Pushes one tag.
 *
 * @returns the digest of the manifest, if the engine reports it.
 * @throws DockerceptionError of kind engine: PUSH_REFUSED, PUSH_FAILED; the reason of the signal.
 */
export async function pushFromEngine(
  connection: Connection,
  reference: string,
  credentials: CredentialStore,
  options: TransferOptions,
): Promise<string | undefined> {
  const [name, tag] = splitTag(reference);
  const path = `${imagePath(name)}/push?${new URLSearchParams({ tag }).toString()}`;
  let digest: string | undefined;
  const take = ({ aux, status }: ClassicMessage): void => {
    const found = (aux as { readonly Digest?: unknown } | null | undefined)?.Digest;
    if (typeof found === 'string') digest = found;
    // Podman reports it only as text.
    else digest ??= /: digest: (sha256:[0-9a-f]{64}) /.exec(status ?? '')?.[1];
  };
  const failure = await transfer(connection, 'push', reference, path, credentials, options, take);
  if (failure !== undefined) throw failure;
  return digest;
}

/** @returns the error if the engine or the registry refused. */
async function transfer(
  connection: Connection,
  verb: 'pull' | 'push',
  reference: string,
  path: string,
  credentials: CredentialStore,
  { report, signal }: TransferOptions,
  take?: (message: ClassicMessage) => void,
): Promise<DockerceptionError | undefined> {
  const doing = `${verb}ing ${reference}`;
  const registry = registryOf(reference);
  const headers = { 'X-Registry-Auth': registryAuth(registry, await credentials.get(registry)) };
  const progress = new ClassicProgress(report, doing, `${verb}:${reference}`);
  const lines = new JsonLines((value) => {
    const message = (value ?? {}) as ClassicMessage;
    take?.(message);
    progress.take(message);
  });
  try {
    const answer = await connection.stream({ method: 'POST', path, headers, doing }, signal);
    for await (const chunk of answer as AsyncIterable<Buffer>) lines.write(chunk);
    lines.end();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (isRefusal(error)) progress.error ??= String(error.cause);
    // A reason that was sent before the connection broke takes precedence.
    else if (progress.error === undefined) throw error;
  }
  progress.finish();
  const { error } = progress;
  if (error === undefined) return undefined;
  const hint = await credentialHint(error, credentials, registry);
  const code = CODES[verb][isCredentialRefusal(error) ? 'refused' : 'failed'];
  const context = verb === 'push' ? `${doing} to ${registry}` : doing;
  return new DockerceptionError('engine', code, `${context}: ${error}`, { hint });
}

/** The codes of failures. */
const CODES = {
  pull: { failed: 'PULL_FAILED', refused: 'PULL_REFUSED' },
  push: { failed: 'PUSH_FAILED', refused: 'PUSH_REFUSED' },
} as const;

/** The header `X-Registry-Auth` with the credential of one registry. */
export function registryAuth(host: string, credential: Credential | undefined): string {
  return encode(credential === undefined ? {} : authConfig(credentialKey(host), credential));
}

/**
 * The header `X-Registry-Config` of a classic build. Only the engine knows which registries a Dockerfile needs, so it
 * gets all credentials, as from the docker CLI, and sends each only to its registry.
 *
 * @param warn receives the error of a credential helper, whose registry may not be needed.
 * @returns undefined if there are no credentials.
 */
export async function registryConfig(
  credentials: CredentialStore,
  warn: (message: string) => void,
): Promise<string | undefined> {
  const config: Record<string, object> = {};
  const failed = (error: unknown): undefined => void warn(messageOf(error));
  for (const key of (await credentials.keys().catch(failed)) ?? []) {
    const host = key === HUB_KEY ? 'docker.io' : hostOfKey(key);
    const name = credentialKey(host);
    if (Object.hasOwn(config, name)) continue;
    const credential = await credentials.get(host).catch(failed);
    if (credential) config[name] = authConfig(name, credential);
  }
  return Object.keys(config).length === 0 ? undefined : encode(config);
}

/** AuthConfig (moby, api/types/registry). */
function authConfig(serveraddress: string, credential: Credential): object {
  const { username, password, identityToken, registryToken } = credential;
  return {
    username: username || undefined,
    password: password || undefined,
    serveraddress,
    identitytoken: identityToken || undefined,
    registrytoken: registryToken || undefined,
  };
}

/**
 * JSON in URL-safe base64 with padding (moby, api/types/registry). Engines ignore credentials in any other alphabet
 * without an error.
 */
function encode(value: unknown): string {
  const base64 = Buffer.from(JSON.stringify(value), 'utf8').toString('base64');
  const header = base64.replaceAll('+', '-').replaceAll('/', '_');
  addSecrets(header, base64);
  return header;
}
