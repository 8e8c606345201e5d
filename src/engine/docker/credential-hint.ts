/** What to do about a registry that refused: engines say so in many ways. */
import type { CredentialStore } from '../../image/credentials.js';

const REFUSED =
  /unauthorized|authentication required|no basic auth credentials|access denied|authorization failed|access to the resource is denied|403 forbidden/i;
/** A host with a dot, or localhost, where an image's or a registry's address begins; BuildKit 0.8 says `from host HOST`. */
const HOST = /(?:^|[\s"'/])((?:[\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?)\/|from host (\S+)/;

/** Whether an engine's message says that a registry refused us. */
export function isRefused(message: string): boolean {
  return REFUSED.test(message);
}

/**
 * A hint that names the registry, and where credentials were looked for; undefined for other errors.
 *
 * @param registry the registry's host, when it is known without reading the message.
 */
export async function credentialHint(
  message: string,
  credentials: CredentialStore,
  registry?: string,
): Promise<string | undefined> {
  if (!isRefused(message)) return undefined;
  const found = HOST.exec(message);
  const host = registry ?? found?.[1] ?? found?.[2] ?? 'docker.io';
  const login = host === 'docker.io' ? 'docker login' : `docker login ${host}`;
  const where = await credentials.where(host);
  return `credentials for ${host} were looked for in ${where}; \`${login}\` adds them`;
}
