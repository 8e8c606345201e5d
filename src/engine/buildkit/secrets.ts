/** The secrets and SSH agents of RUN. They leave this process only in answers to BuildKit. */
import { open } from 'node:fs/promises';
import { connect } from 'node:net';
import { DockerceptionError, messageOf } from '../../errors.js';
import { addSecrets } from '../../text/redact.js';
import type { EngineRequest } from '../engine.js';
import type { SessionServices } from './session.js';

/** Bytes of a secret, as in BuildKit (session/secrets). */
const MAX_SECRET = 500 << 10;

/**
 * Reads the secrets, and finds the sockets of SSH agents.
 *
 * @throws DockerceptionError of kind usage: SECRET_MISSING, SECRET_TOO_LARGE, SSH_AGENT.
 */
export async function secretServices(
  { secrets, ssh }: Pick<EngineRequest, 'secrets' | 'ssh'>,
  env: NodeJS.ProcessEnv,
): Promise<Pick<SessionServices, 'secret' | 'agent'>> {
  const contents = new Map<string, Buffer>();
  for (const { id, src, env: variable } of secrets) {
    const found = variable === undefined ? await readSecret(id, src ?? id) : env[variable];
    // A variable that is not set is an empty secret, as in buildx.
    const content = Buffer.from(found ?? '');
    addSecrets(content.toString('utf8').trim());
    contents.set(id, content);
  }
  const sockets = new Map<string, string>();
  for (const { id, path = env['SSH_AUTH_SOCK'] } of ssh) {
    if (path === undefined || path === '')
      throw usage(
        'SSH_AGENT',
        `reading \`ssh: ${id}\`: there is no SSH agent`,
        'start one: `eval $(ssh-agent); ssh-add`',
      );
    sockets.set(id, path);
  }
  return {
    ...(secrets.length > 0 && { secret: (id) => Promise.resolve(contents.get(id)) }),
    ...(ssh.length > 0 && {
      agent: (id) => {
        const path = sockets.get(id);
        return path === undefined ? undefined : connect({ path });
      },
    }),
  };
}

async function readSecret(id: string, path: string): Promise<Buffer> {
  const subject = `reading the secret ${id}`;
  try {
    const file = await open(path);
    try {
      // One byte more than is allowed.
      const buffer = Buffer.alloc(MAX_SECRET + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead <= MAX_SECRET) return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw usage('SECRET_MISSING', `${subject} from ${path}: ${messageOf(cause)}`, undefined, cause);
  }
  throw usage('SECRET_TOO_LARGE', `${subject} from ${path}: it has more than ${MAX_SECRET} bytes`);
}

function usage(
  code: 'SECRET_MISSING' | 'SECRET_TOO_LARGE' | 'SSH_AGENT',
  message: string,
  hint?: string,
  cause?: unknown,
): DockerceptionError {
  return new DockerceptionError('usage', code, message, { hint, cause });
}
