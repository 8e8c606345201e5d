/** What to do about a registry that refused: an engine's message says so in many ways. */
import type { CredentialStore } from '../../image/credentials.js';

const REFUSED =
  /unauthorized|authentication required|no basic auth credentials|access denied|authorization failed|denied: requested access|401|403 forbidden/i;
/** A host with a port, a dot or the name localhost, as it stands in an image's or a registry's address. */
const HOST = /(?:https?:\/\/)?((?:[\w-]+(?:\.[\w-]+)+|localhost)(?::\d+)?)\//;

/** A hint that names the registry and where credentials were looked for; undefined for other errors. */
export async function credentialHint(
  message: string,
  credentials: CredentialStore,
): Promise<string | undefined> {
  if (!REFUSED.test(message)) return undefined;
  const host = HOST.exec(message)?.[1] ?? 'docker.io';
  return `credentials for ${host} were looked for in ${await credentials.where(host)}; docker login ${host} adds them`;
}
