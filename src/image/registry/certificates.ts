/**
 * The certificates of a registry in `certs.d/HOST[:PORT]/`: `*.crt` are authorities, `*.cert` and `*.key` the client's
 * (docs.docker.com, "Verify repository client with certificates").
 */
import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { rootCertificates, type SecureContextOptions } from 'node:tls';
import { DockerceptionError, readReason, systemCode } from '../../errors.js';

/** Options of `tls.connect`. */
export type Certificates = Readonly<Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>>;

/**
 * The certificates of a host; an empty object if it has none.
 * @param host with its port
 * @throws DockerceptionError of kind usage, code CERTIFICATE_INVALID
 */
export async function certificatesFor(host: string, env: NodeJS.ProcessEnv): Promise<Certificates> {
  const home = env['XDG_CONFIG_HOME'] || (env['HOME'] && join(env['HOME'], '.config')) || '';
  const folders = isAbsolute(home) ? [join(home, 'docker', 'certs.d')] : [];
  for (const folder of [...folders, '/etc/docker/certs.d']) {
    const own = join(folder, host);
    const names = await list(own);
    const authorities = names.filter((name) => name.endsWith('.crt'));
    const client = names.find((name) => name.endsWith('.cert'));
    if (authorities.length === 0 && client === undefined) continue;
    const ca = await Promise.all(authorities.map((name) => read(join(own, name))));
    return {
      // `ca` replaces Node's own authorities, including NODE_EXTRA_CA_CERTS.
      ...(ca.length > 0 && { ca: [...rootCertificates, ...(await extra(env)), ...ca] }),
      ...(client !== undefined && {
        cert: await read(join(own, client)),
        key: await read(join(own, client.replace(/\.cert$/, '.key'))),
      }),
    };
  }
  return {};
}

async function list(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '')) return [];
    throw invalid(folder, error);
  });
  return names.sort();
}

async function extra(env: NodeJS.ProcessEnv): Promise<string[]> {
  const file = env['NODE_EXTRA_CA_CERTS'];
  if (!file) return [];
  // Node itself only warns about an unreadable file.
  return readFile(file, 'utf8').then(
    (text) => [text],
    () => [],
  );
}

function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw invalid(file, error);
  });
}

function invalid(file: string, error: unknown): DockerceptionError {
  const message = `reading the certificates in ${file}: ${readReason(error)}`;
  return new DockerceptionError('usage', 'CERTIFICATE_INVALID', message, { cause: error });
}
