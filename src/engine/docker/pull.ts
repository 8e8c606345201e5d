/**
 * An image from its registry into an engine: `POST /images/create` (Engine API, ImageCreate), with that
 * registry's credential and no other. Errors come with HTTP 200; success is an answer that ends without one.
 */
import { DockerceptionError } from '../../errors.js';
import { credentialStore } from '../../image/credentials.js';
import { registryOf, splitTag } from '../../image/reference.js';
import type { Report } from '../../progress/events.js';
import { ClassicSteps, failureOf, type ClassicMessage, type FailureMessage } from './classic.js';
import type { Connection } from './connection.js';
import { credentialHint, isRefused } from './credential-hint.js';
import type { Environment } from './endpoint.js';
import { JsonLines } from './lines.js';
import { registryAuth } from './registry-auth.js';
import { vanished } from './unreachable.js';

type PullMessage = ClassicMessage & FailureMessage;

/** How an image is pulled. */
export interface PullOptions {
  /** Names the credentials. */
  readonly env: Environment;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** @throws DockerceptionError of kind engine: PULL_REFUSED, PULL_FAILED; the signal's reason */
export async function pullImage(
  connection: Connection,
  reference: string,
  { env, report, signal }: PullOptions,
): Promise<void> {
  const registry = registryOf(reference);
  const credentials = credentialStore(env);
  const steps = new ClassicSteps(`pulling ${reference}`, `pull:${reference}`);
  let failure: string | undefined;
  const lines = new JsonLines((value) => {
    const message = (value ?? {}) as PullMessage;
    const error = failureOf(message);
    failure ??= error;
    const status = error === undefined ? steps.take(message) : undefined;
    if (status) report({ kind: 'status', status });
  });
  const [name, tag] = reference.includes('@') ? [reference, ''] : splitTag(reference);
  const query = new URLSearchParams({ fromImage: name, ...(tag !== '' && { tag }) });
  const request = {
    method: 'POST',
    path: `/images/create?${query.toString()}`,
    headers: { 'X-Registry-Auth': registryAuth(registry, await credentials.get(registry)) },
    doing: `pulling ${reference}`,
  } as const;
  try {
    const answer = await connection.stream(request, signal);
    const stop = (): void => void answer.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    for await (const chunk of answer as AsyncIterable<Buffer>) lines.write(chunk);
    signal.removeEventListener('abort', stop);
    lines.end();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (!(error instanceof DockerceptionError))
      throw vanished(connection.endpoint, `pulling ${reference}`, error);
    if (!/^ENGINE_(?:REFUSED|NOT_FOUND)$/.test(error.code)) throw error;
    failure ??= error.message.replace(`pulling ${reference}: `, '');
  }
  const status = steps.finish(failure);
  if (status) report({ kind: 'status', status });
  if (failure === undefined) return;
  const hint = await credentialHint(failure, credentials, registry);
  throw new DockerceptionError(
    'engine',
    isRefused(failure) ? 'PULL_REFUSED' : 'PULL_FAILED',
    `pulling ${reference}: ${failure}`,
    { hint: hint ?? 'the engine doesn’t have that image either: is the name right?' },
  );
}
