/**
 * The certificates of an engine that is reached over TLS: `ca.pem`, `cert.pem` and `key.pem` in one
 * folder, as `DOCKER_CERT_PATH` and the docker CLI's contexts have them.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DockerceptionError, messageOf, systemCode } from '../../errors.js';

/** PEM texts; whatever is undefined isn't there. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Whether the engine's certificate is checked. */
  readonly verify: boolean;
}

/**
 * Reads a folder of certificates; a file that doesn't exist is left out, unless `need` names it.
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
