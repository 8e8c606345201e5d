/**
 * An answer with an HTTP status of 400 or more: `{"message"}` from Docker, `{"cause", "message"}`
 * from Podman, nothing at all from Podman when it fails before the build begins.
 */
import { DockerceptionError, type ErrorKind } from '../../errors.js';
import { redact } from '../../text/redact.js';
import type { Endpoint } from './endpoint.js';
import { describe } from './unreachable.js';
import { joinLines } from '../../text/trim.js';

/** Characters of a body that isn't JSON which a message quotes. */
const QUOTED = 300;

const NOT_FOUND = 'ENGINE_NOT_FOUND';

/** The error that an answer stands for; `doing` is the gerund that the message begins with. */
export function refusal(
  endpoint: Endpoint,
  kind: ErrorKind,
  doing: string,
  status: number,
  body: string,
  mute = 'see the engine’s own log',
): DockerceptionError {
  const reason = reasonOf(body);
  if (reason === undefined)
    return new DockerceptionError(
      kind,
      status === 404 ? NOT_FOUND : 'ENGINE_NO_REASON',
      `${doing}: the engine at ${describe(endpoint)} answered ${status} and gave no reason`,
      { hint: mute },
    );
  const hint = /HTTP request to an HTTPS server/i.test(reason)
    ? 'this engine speaks TLS: set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH'
    : undefined;
  return new DockerceptionError(
    hint === undefined ? kind : 'engine',
    status === 404 ? NOT_FOUND : 'ENGINE_REFUSED',
    `${doing}: ${reason}`,
    hint === undefined ? {} : { hint },
  );
}

function reasonOf(body: string): string | undefined {
  const text = body.trim();
  if (text === '') return undefined;
  try {
    const json = JSON.parse(text) as { message?: unknown; cause?: unknown; error?: unknown } | null;
    for (const value of [json?.message, json?.cause, json?.error])
      if (typeof value === 'string' && value.trim() !== '') return oneLine(value);
    return undefined;
  } catch {
    // Redacted first: the cut must not leave the first half of a secret.
    return oneLine(redact(text).slice(0, QUOTED));
  }
}

function oneLine(text: string): string {
  return joinLines(text.trim(), ' / ');
}

/** Whether an engine has said that it has no such thing. */
export function isNotFound(error: unknown): boolean {
  return error instanceof DockerceptionError && error.code === NOT_FOUND;
}
