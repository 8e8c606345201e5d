/**
 * `--push`: the engine sends an image to its registry (`POST /images/NAME/push`), with that registry's
 * credential and no other. Success is an answer that ends without an error; errors come with HTTP 200.
 */
import type { Readable } from 'node:stream';
import { DockerceptionError, messageOf } from '../../errors.js';
import type { CredentialStore } from '../../image/credentials.js';
import { registryOf, splitTag } from '../../image/reference.js';
import type { Report } from '../../progress/events.js';
import { ClassicSteps, failureOf, type ClassicMessage, type FailureMessage } from './classic.js';
import type { Connection } from './connection.js';
import { credentialHint, isRefused } from './credential-hint.js';
import { JsonLines } from './lines.js';
import { registryAuth } from './registry-auth.js';
import { unreachable, vanished } from './unreachable.js';

interface PushMessage extends ClassicMessage, FailureMessage {
  readonly aux?: { readonly Digest?: unknown } | null;
}

/**
 * Pushes one tag.
 *
 * @returns the manifest's digest, when the engine tells it.
 * @throws DockerceptionError of kind engine: PUSH_REFUSED, PUSH_FAILED; the signal's reason.
 */
export async function pushImage(
  connection: Connection,
  tag: string,
  credentials: CredentialStore,
  { report, signal }: { readonly report: Report; readonly signal: AbortSignal },
): Promise<string | undefined> {
  const registry = registryOf(tag);
  const steps = new ClassicSteps(`pushing ${tag}`, `push:${tag}`);
  let digest: string | undefined;
  let failure: string | undefined;
  const lines = new JsonLines((value) => {
    const message = (value ?? {}) as PushMessage;
    const error = failureOf(message);
    failure ??= error;
    if (typeof message.aux?.Digest === 'string') digest = message.aux.Digest;
    // Podman says it in words alone.
    else digest ??= /: digest: (sha256:[0-9a-f]{64}) /.exec(message.status ?? '')?.[1];
    const status = error === undefined ? steps.take(message) : undefined;
    if (status) report({ kind: 'status', status });
  });

  const credential = await credentials.get(registry);
  const answer = await start(connection, tag, registryAuth(registry, credential), signal).catch(
    (error: unknown) => {
      if (signal.aborted) throw signal.reason;
      const { statusCode } = error as { statusCode?: number };
      if (statusCode === undefined) throw unreachable(connection.endpoint, error);
      failure = messageOf(error).trim();
      return undefined;
    },
  );
  if (answer) {
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) lines.write(chunk);
      lines.end();
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (error instanceof DockerceptionError) throw error;
      if (failure === undefined) throw vanished(connection.endpoint, `pushing ${tag}`, error);
    }
  }
  const status = steps.finish(failure);
  if (status) report({ kind: 'status', status });
  if (failure === undefined) return digest;
  const hint = await credentialHint(failure, credentials, registry);
  throw new DockerceptionError(
    'engine',
    isRefused(failure) ? 'PUSH_REFUSED' : 'PUSH_FAILED',
    `pushing ${tag} to ${registry}: ${failure}`,
    hint === undefined ? {} : { hint },
  );
}

async function start(
  connection: Connection,
  reference: string,
  base64: string,
  abortSignal: AbortSignal,
): Promise<Readable> {
  const docker = await connection.dockerode();
  const [name, tag] = splitTag(reference);
  const authconfig = { base64 };
  const stream = await docker.getImage(name).push({ tag, authconfig, abortSignal });
  return stream as Readable;
}
