/**
 * The docker CLI's contexts, read only: `contexts/meta/ID/meta.json` and `contexts/tls/ID/docker/`
 * in the configuration folder, where ID is the SHA-256 of the name in hexadecimal
 * (docker/cli, cli/context/store).
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';

/** What a context says of its engine. */
export interface StoredContext {
  /** The engine's address; empty means the default socket. */
  readonly host: string;
  readonly tls: TlsMaterial | undefined;
}

interface Meta {
  readonly Endpoints?: {
    readonly docker?: { readonly Host?: unknown; readonly SkipTLSVerify?: unknown };
  };
}

/**
 * Reads a context by its name.
 *
 * @throws DockerceptionError of kind engine, code ENGINE_CONTEXT, when it isn't there or is damaged.
 */
export async function readContext(
  configFolder: string,
  name: string,
  origin: string,
): Promise<StoredContext> {
  const id = createHash('sha256').update(name).digest('hex');
  const file = join(configFolder, 'contexts', 'meta', id, 'meta.json');
  const meta = await readMeta(file, name, origin);
  const docker = meta.Endpoints?.docker;
  if (!docker) throw unusable(name, origin, `${file} names no docker endpoint`);
  const host = typeof docker.Host === 'string' ? docker.Host : '';
  const skipVerify = docker.SkipTLSVerify === true;
  const folder = join(configFolder, 'contexts', 'tls', id, 'docker');
  const tls = await readTls(folder, `context ${name}`, !skipVerify);
  const any = tls.ca !== undefined || tls.cert !== undefined || tls.key !== undefined;
  return { host, tls: any || skipVerify ? tls : undefined };
}

async function readMeta(file: string, name: string, origin: string): Promise<Meta> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw unusable(name, origin, 'there is no such context');
    throw unusable(name, origin, messageOf(error), error);
  }
  try {
    const meta: unknown = JSON.parse(text);
    if (typeof meta === 'object' && meta !== null) return meta;
  } catch (error) {
    throw unusable(name, origin, `${file}: ${messageOf(error)}`, error);
  }
  throw unusable(name, origin, `${file} is not an object`);
}

function unusable(name: string, origin: string, why: string, cause?: unknown): DockerceptionError {
  return new DockerceptionError(
    'engine',
    'ENGINE_CONTEXT',
    `reading the docker context ${name} (${origin}): ${why}`,
    { cause, hint: '`docker context ls` lists them; DOCKER_HOST overrules them' },
  );
}

/** Certificates for TLS: PEM texts, undefined if the file is missing. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Whether the engine's certificate is checked. */
  readonly verify: boolean;
}

/**
 * Reads `ca.pem`, `cert.pem` and `key.pem` of a folder, as `DOCKER_CERT_PATH` and contexts have them; a file that doesn't exist is left out, unless `need` names it.
 *
 * @throws DockerceptionError of kind engine, code ENGINE_TLS, when a file can't be read.
 */
export async function readTls(
  folder: string,
  origin: string,
  verify: boolean,
  need: readonly string[] = [],
): Promise<TlsMaterial> {
  const read = async (name: string): Promise<string | undefined> => {
    try {
      return await readFile(join(folder, name), 'utf8');
    } catch (error) {
      if (systemCode(error) === 'ENOENT' && !need.includes(name)) return undefined;
      throw new DockerceptionError(
        'engine',
        'ENGINE_TLS',
        `reading the certificate ${join(folder, name)} (${origin}): ${messageOf(error)}`,
        { cause: error, hint: 'DOCKER_CERT_PATH names the folder of ca.pem, cert.pem and key.pem' },
      );
    }
  };
  const [ca, cert, key] = await Promise.all([read('ca.pem'), read('cert.pem'), read('key.pem')]);
  return { ca, cert, key, verify };
}
