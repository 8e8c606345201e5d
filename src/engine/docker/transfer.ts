/**
 * Images between an engine and their registry: `POST /images/create` pulls one, `POST /images/NAME/push` pushes one
 * (Engine API), with the credential of that registry alone. Most errors are sent with HTTP 200; a transfer has succeeded
 * when its answer ends without one.
 */
import { DockerceptionError } from '../../errors.js';
import { type CredentialStore, credentialStore } from '../../image/credentials/credentials.js';
import { registryOf, splitTag } from '../../image/reference.js';
import type { Report } from '../../progress/events.js';
import {
  type ClassicMessage,
  ClassicSteps,
  type FailureMessage,
  failureOf,
} from './classic-progress.js';
import type { Connection } from './connection.js';
import type { Environment } from './endpoint.js';
import { imagePath } from './images.js';
import { JsonLines } from './lines.js';
import { credentialHint, isRefused, registryAuth } from './registry-auth.js';

/** What pulling and pushing have in common. */
interface TransferOptions {
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** How an image is pulled. */
interface PullOptions extends TransferOptions {
  /** Names the credentials. */
  readonly env: Environment;
}

/** @throws DockerceptionError of kind engine: PULL_REFUSED, PULL_FAILED; the signal's reason */
export async function pullImage(
  connection: Connection,
  reference: string,
  { env, ...options }: PullOptions,
): Promise<void> {
  const [name, tag] = reference.includes('@') ? [reference, ''] : splitTag(reference);
  const query = new URLSearchParams({ fromImage: name, ...(tag !== '' && { tag }) });
  const path = `/images/create?${query.toString()}`;
  const credentials = credentialStore(env);
  const failed = await transfer(connection, 'pull', reference, path, credentials, options);
  if (failed === undefined) return;
  throw new DockerceptionError('engine', failed.code, `pulling ${reference}: ${failed.why}`, {
    hint: failed.hint ?? 'the engine doesn’t have that image either: is the name right?',
  });
}

/**
 * Pushes one tag.
 *
 * @returns the manifest's digest, if the engine reports it.
 * @throws DockerceptionError of kind engine: PUSH_REFUSED, PUSH_FAILED; the signal's reason.
 */
export async function pushImage(
  connection: Connection,
  reference: string,
  credentials: CredentialStore,
  options: TransferOptions,
): Promise<string | undefined> {
  const [name, tag] = splitTag(reference);
  const query = new URLSearchParams({ tag });
  const path = `${imagePath(name)}/push?${query.toString()}`;
  let digest: string | undefined;
  const take = ({ aux, status }: TransferMessage): void => {
    if (typeof aux?.Digest === 'string') digest = aux.Digest;
    // Podman reports it in words alone.
    else digest ??= /: digest: (sha256:[0-9a-f]{64}) /.exec(status ?? '')?.[1];
  };
  const failed = await transfer(connection, 'push', reference, path, credentials, options, take);
  if (failed === undefined) return digest;
  const { code, why, hint } = failed;
  const message = `pushing ${reference} to ${registryOf(reference)}: ${why}`;
  throw new DockerceptionError('engine', code, message, { hint });
}

interface TransferMessage extends ClassicMessage, FailureMessage {
  readonly aux?: { readonly Digest?: unknown } | null;
}

/** Why the engine or the registry refused. */
interface TransferFailure {
  readonly code: string;
  readonly why: string;
  readonly hint: string | undefined;
}

async function transfer(
  connection: Connection,
  verb: 'pull' | 'push',
  reference: string,
  path: string,
  credentials: CredentialStore,
  { report, signal }: TransferOptions,
  take?: (message: TransferMessage) => void,
): Promise<TransferFailure | undefined> {
  const doing = `${verb}ing ${reference}`;
  const registry = registryOf(reference);
  const headers = { 'X-Registry-Auth': registryAuth(registry, await credentials.get(registry)) };
  const steps = new ClassicSteps(doing, `${verb}:${reference}`);
  let why: string | undefined;
  const lines = new JsonLines((value) => {
    const message = (value ?? {}) as TransferMessage;
    const error = failureOf(message);
    why ??= error;
    take?.(message);
    const status = error === undefined ? steps.take(message) : undefined;
    if (status) report({ kind: 'status', status });
  });
  try {
    const answer = await connection.stream({ method: 'POST', path, headers, doing }, signal);
    for await (const chunk of answer as AsyncIterable<Buffer>) lines.write(chunk);
    lines.end();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const isAnswer =
      error instanceof DockerceptionError && /^ENGINE_(?:REFUSED|NOT_FOUND)$/.test(error.code);
    // A reason that was sent before the connection broke says more.
    if (why === undefined && !isAnswer) throw error;
    why ??= (error as DockerceptionError).message.slice(`${doing}: `.length);
  }
  const status = steps.finish(why);
  if (status) report({ kind: 'status', status });
  if (why === undefined) return undefined;
  const code = `${verb.toUpperCase()}_${isRefused(why) ? 'REFUSED' : 'FAILED'}`;
  return { code, why, hint: await credentialHint(why, credentials, registry) };
}
