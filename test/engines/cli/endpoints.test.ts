/** How an engine is named to the command line: contexts, TCP, TLS, ssh. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, inspectImage, variants } from '../engines.js';
import { expectFailure, helloEntries, imageIdOf, openShell, type Shell } from '../support.js';
import { create } from '../tar.js';

const { docker20, docker28, ssh } = engines;
const BUILDERS = ['0', '1'];

describe('an engine is reached by', () => {
  let old: Shell;
  let current: Shell;
  let context: Buffer;
  const shellOf = (engine: string): Promise<Shell> => {
    const variant = variants.find((one) => one.engine === engine);
    if (variant === undefined) throw new Error(`there is no ${engine}`);
    return openShell(variant);
  };
  beforeAll(async () => {
    old = await shellOf('docker20');
    current = await shellOf('docker28');
    context = await create(helloEntries('hello'));
  });
  afterAll(async () => {
    await old.close();
    await current.close();
  });

  const builds = async (
    shell: Shell,
    host: string,
    env: Readonly<Record<string, string | undefined>>,
  ): Promise<void> => {
    const app = shell.name();
    const id = imageIdOf(await shell.tool(['-q', '-t', app], { input: context, env }));
    expect(id).toContain((await inspectImage(host, app)).Id.replace('sha256:', ''));
  };

  it.each(BUILDERS)('DOCKER_HOST=tcp://… (DOCKER_BUILDKIT=%s)', (DOCKER_BUILDKIT) =>
    builds(current, docker28.host, { DOCKER_HOST: docker28.tcp, DOCKER_BUILDKIT }),
  );

  it.each(BUILDERS)('TLS with DOCKER_CERT_PATH (DOCKER_BUILDKIT=%s)', (DOCKER_BUILDKIT) =>
    builds(old, docker20.host, {
      DOCKER_HOST: docker20.tls.host,
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: docker20.tls.certPath,
      DOCKER_BUILDKIT,
    }),
  );

  it.each(BUILDERS)('ssh://… (DOCKER_BUILDKIT=%s)', (DOCKER_BUILDKIT) =>
    builds(old, docker20.host, {
      DOCKER_HOST: ssh.host,
      PATH: `${ssh.path}:${process.env['PATH']}`,
      DOCKER_BUILDKIT,
    }),
  );

  it('a context that docker context create has made: DOCKER_CONTEXT, and docker context use', async () => {
    const config = join(current.folder, 'config');
    // A configuration of its own for docker, whose command line is run by its path: the shell's has another.
    const docker = `DOCKER_CONFIG=${config} env -u DOCKER_HOST ${docker28.cli}`;
    const { path, host } = ssh;
    const made = await current.run(
      `${docker} context create there --docker host=${docker28.host} && ` +
        `${docker} context create secured --docker host=${docker20.tls.host},ca=${docker20.tls.certPath}/ca.pem,` +
        `cert=${docker20.tls.certPath}/cert.pem,key=${docker20.tls.certPath}/key.pem && ` +
        `${docker} context create remote --docker host=${host}`,
    );
    expect(made.code, made.stderr).toBe(0);
    const env = { DOCKER_HOST: undefined, DOCKER_CONFIG: config };
    await builds(current, docker28.host, { ...env, DOCKER_CONTEXT: 'there' });
    await builds(old, docker20.host, { ...env, DOCKER_CONTEXT: 'secured' });
    const PATH = `${path}:${process.env['PATH']}`;
    await builds(old, docker20.host, { ...env, PATH, DOCKER_CONTEXT: 'remote' });
    await current.run(`${docker} context use there`);
    await builds(current, docker28.host, env);
    const outcome = await current.tool(['-q'], {
      input: context,
      env: { ...env, DOCKER_CONTEXT: 'nowhere' },
    });
    expectFailure(outcome, 5, /nowhere/);
  });

  it('plain TCP where TLS is spoken is told', async () => {
    const outcome = await old.tool(['-q'], {
      input: context,
      env: { DOCKER_HOST: docker20.tls.host },
    });
    expectFailure(outcome, 5, /HTTP request to an HTTPS server/, /DOCKER_TLS_VERIFY/);
  });
});
