import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dockerEngine } from '../../../src/engine/docker/docker-engine.js';
import {
  connectTo,
  contextOf,
  engines,
  listLabelled,
  logsOf,
  options,
  uniqueTag,
} from '../engines.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const PATH = process.env['PATH'];

/** Builds over an endpoint, and shows that the image is in the engine that was meant. */
async function buildOver(env: NodeJS.ProcessEnv, host: string, builder = '1'): Promise<void> {
  const label = `a=${uniqueTag()}`;
  const env2 = { HOME: folder, PATH, DOCKER_BUILDKIT: builder, ...env };
  const engine = dockerEngine(await connectTo(env2), { env: env2, stdout: process.stdout });
  const Dockerfile = `FROM ${engines.base}\nLABEL ${label}\nCOPY data /data\nRUN wc -c /data\n`;
  const tar = await contextOf({ Dockerfile, data: 'x'.repeat(3_000_000) });
  const asked = options({ tags: [uniqueTag()], noCache: true });
  await engine({ stream: Readable.from(chunksOf(tar)) }, asked);
  expect(logsOf(asked.events)).toContain('3000000');
  expect(await listLabelled(host, label)).not.toEqual([]);
}

function* chunksOf(tar: Buffer): Generator<Buffer> {
  for (let at = 0; at < tar.length; at += 65536) yield tar.subarray(at, at + 65536);
}

/** A docker context in the test's configuration folder, as `docker context create` writes it. */
async function storeContext(name: string, host: string, certPath?: string): Promise<void> {
  const id = createHash('sha256').update(name).digest('hex');
  const meta = join(folder, '.docker', 'contexts', 'meta', id);
  await mkdir(meta, { recursive: true });
  const Endpoints = { docker: { Host: host, SkipTLSVerify: false } };
  await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: name, Metadata: {}, Endpoints }));
  if (certPath === undefined) return;
  const tls = join(folder, '.docker', 'contexts', 'tls', id, 'docker');
  await mkdir(tls, { recursive: true });
  for (const file of ['ca.pem', 'cert.pem', 'key.pem'])
    await cp(join(certPath, file), join(tls, file));
}

describe('an engine is reached', () => {
  const { docker20, docker28, ssh } = engines;

  it.each(['0', '1'])('over TCP (DOCKER_BUILDKIT=%s)', (builder) =>
    buildOver({ DOCKER_HOST: docker28.tcp }, docker28.host, builder),
  );

  it.each(['0', '1'])(
    'over TLS, with the certificates of DOCKER_CERT_PATH (DOCKER_BUILDKIT=%s)',
    (builder) =>
      buildOver(
        {
          DOCKER_HOST: docker20.tls.host,
          DOCKER_TLS_VERIFY: '1',
          DOCKER_CERT_PATH: docker20.tls.certPath,
        },
        docker20.host,
        builder,
      ),
  );

  it.each(['0', '1'])(
    'over ssh, with the user’s own configuration (DOCKER_BUILDKIT=%s)',
    (builder) =>
      buildOver({ DOCKER_HOST: ssh.host, PATH: `${ssh.path}:${PATH}` }, docker20.host, builder),
  );

  it('by the docker context that DOCKER_CONTEXT names', async () => {
    await storeContext('there', docker28.host);
    await buildOver({ DOCKER_CONTEXT: 'there' }, docker28.host);
  });

  it('by the current context of config.json, with that context’s certificates', async () => {
    await storeContext('secure', docker20.tls.host, docker20.tls.certPath);
    await writeFile(join(folder, '.docker', 'config.json'), '{"currentContext":"secure"}');
    await buildOver({}, docker20.host);
  });
});

describe('an engine that can’t be reached is an error that names it', () => {
  const { docker20, docker28, ssh } = engines;
  const ping = async (env: NodeJS.ProcessEnv): Promise<unknown> =>
    (await connectTo({ HOME: folder, PATH, ...env })).ping();

  it('when the socket isn’t there', async () => {
    await expect(ping({ DOCKER_HOST: `unix://${folder}/no.sock` })).rejects.toMatchObject({
      kind: 'engine',
      code: 'ENGINE_UNREACHABLE',
      message: `reaching the engine at unix://${folder}/no.sock (DOCKER_HOST): no such socket`,
    });
  });

  it('when the socket on the other machine is missing, whose name is no command there', async () => {
    const marker = join(folder, 'executed');
    const DOCKER_HOST = `${ssh.host}/run/x;touch%20${marker}`;
    const env = { DOCKER_HOST, PATH: `${ssh.path}:${PATH}` };
    await expect(ping(env)).rejects.toMatchObject({ kind: 'engine', code: 'ENGINE_UNREACHABLE' });
    expect(await readdir(folder)).not.toContain('executed');
  });

  it('when nothing listens on the port', async () => {
    await expect(ping({ DOCKER_HOST: 'tcp://127.0.0.1:9' })).rejects.toThrow(/connection refused/);
  });

  it('when the engine wants TLS and gets none', async () => {
    const host = docker20.tls.host;
    await expect(ping({ DOCKER_HOST: host })).rejects.toMatchObject({
      kind: 'engine',
      hint: expect.stringContaining('DOCKER_TLS_VERIFY') as string,
    });
  });

  it('when the engine has no TLS and gets it', async () => {
    const env = {
      DOCKER_HOST: docker28.tcp,
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: docker20.tls.certPath,
    };
    await expect(ping(env)).rejects.toMatchObject({ kind: 'engine', code: 'ENGINE_UNREACHABLE' });
  });

  it('when the engine’s certificate is not of our authority', async () => {
    const host = docker20.tls.host.replace('tcp:', 'https:');
    await expect(ping({ DOCKER_HOST: host })).rejects.toThrow(/certificate/);
  });

  it('when ssh can’t log in: its own words are there', async () => {
    const env = { DOCKER_HOST: 'ssh://nobody-such@dockerception-ssh', PATH: `${ssh.path}:${PATH}` };
    await expect(ping(env)).rejects.toThrow(/ssh ended with 255: .*denied/i);
  });

  it('when there is no ssh', async () => {
    await expect(ping({ DOCKER_HOST: ssh.host, PATH: folder })).rejects.toThrow(/no ssh program/);
  });
});
