/** The secrets and SSH agents of RUN. They leave this process only in answers to BuildKit. */
import { constants, createReadStream, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { connect, Socket } from 'node:net';
import { DockerceptionError, readReason } from '../../errors.js';
import { addSecrets } from '../../text/redact.js';
import type { EngineRequest } from '../engine.js';
import type { SessionServices } from './session.js';

/** Bytes of a secret, as in BuildKit (session/secrets). */
const MAX_SECRET = 500 << 10;

/** Attributes of caches that are credentials: those of gha, s3 and azblob. */
const CREDENTIAL = /token|secret|password|access_key/;

/**
 * Reads the secrets once, and finds the sockets of SSH agents.
 *
 * @throws DockerceptionError of kind usage: SECRET_MISSING, SECRET_TOO_LARGE, SSH_AGENT.
 */
export async function secretServices(
  {
    secrets,
    ssh,
    cacheFrom,
    cacheTo,
    signal,
  }: Pick<EngineRequest, 'secrets' | 'ssh' | 'cacheFrom' | 'cacheTo' | 'signal'>,
  env: NodeJS.ProcessEnv,
): Promise<Pick<SessionServices, 'secret' | 'agent'>> {
  for (const { attrs } of [...cacheFrom, ...cacheTo])
    for (const [name, value] of Object.entries(attrs)) if (CREDENTIAL.test(name)) addSecrets(value);
  const contents = new Map<string, Buffer>();
  for (const { id, src, env: variable } of secrets) {
    const found = variable === undefined ? await readSecret(id, src ?? id, signal) : env[variable];
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
        'start an agent: `eval $(ssh-agent); ssh-add`',
      );
    await checkSocket(id, path);
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

/** Throws SSH_AGENT, for a key file too, which buildx accepts. */
async function checkSocket(id: string, path: string): Promise<void> {
  const subject = `reading \`ssh: ${id}=${path}\``;
  const start = 'start an agent: `eval $(ssh-agent); ssh-add`';
  const found = await stat(path).catch((cause: unknown) => {
    throw usage('SSH_AGENT', `${subject}: ${readReason(cause)}`, start, cause);
  });
  if (found.isSocket()) return;
  const hint = found.isFile()
    ? `add the key to an agent: \`eval $(ssh-agent); ssh-add ${path}\`, then leave out the path`
    : start;
  throw usage('SSH_AGENT', `${subject}: it is not the socket of an SSH agent`, hint);
}

async function readSecret(id: string, path: string, signal: AbortSignal): Promise<Buffer> {
  const subject = `reading the secret ${id} from ${path}`;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of await openSecret(path, signal)) {
      chunks.push(chunk);
      if ((size += chunk.length) > MAX_SECRET) break;
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw usage('SECRET_MISSING', `${subject}: ${readReason(cause)}`, undefined, cause);
  }
  if (size <= MAX_SECRET) return Buffer.concat(chunks);
  throw usage('SECRET_TOO_LARGE', `${subject}: it has more than ${MAX_SECRET} bytes`);
}

/** The stream closes the file. A FIFO is opened without waiting for its writer, which could not be interrupted. */
async function openSecret(path: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
  const isFifo = (await stat(path)).isFIFO();
  if (!isFifo) return createReadStream(path, { signal });
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false, signal });
}

function usage(
  code: 'SECRET_MISSING' | 'SECRET_TOO_LARGE' | 'SSH_AGENT',
  message: string,
  hint?: string,
  cause?: unknown,
): DockerceptionError {
  return new DockerceptionError('usage', code, message, { hint, cause });
}
