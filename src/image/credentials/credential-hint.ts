/** The hint for messages about missing credentials. */
import type { CredentialStore } from './credentials.js';

/** A message of an engine or of BuildKit about missing credentials. */
const REFUSED =
  /unauthorized|authentication required|no basic auth credentials|access denied|authorization failed|access to the resource is denied|403 forbidden/i;
/** The host of an image or a registry: with a dot, or localhost. BuildKit 0.8 writes `from host HOST`. */
const HOST = /(?:^|[\s"'/])((?:[\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?)\/|from host (\S+)/;

/** Whether an engine's message is about missing credentials. */
export function isCredentialRefusal(message: string): boolean {
  return REFUSED.test(message);
}

/**
 * A hint for an engine's message about missing credentials; undefined for other messages.
 *
 * @param registry the host. @default the first one in the message
 */
export async function credentialHint(
  message: string,
  credentials: CredentialStore,
  registry?: string,
): Promise<string | undefined> {
  if (!isCredentialRefusal(message)) return undefined;
  const found = HOST.exec(message);
  const host = registry ?? found?.[1] ?? found?.[2] ?? 'docker.io';
  const login = host === 'docker.io' ? 'docker login' : `docker login ${host}`;
  const where = await credentials.where(host);
  return `credentials for ${host} were looked for in ${where}; \`${login}\` adds them`;
}
