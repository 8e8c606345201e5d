import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Endpoint, resolveEndpoint } from '../../../src/engine/docker/endpoint.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const resolve = (env: NodeJS.ProcessEnv): Promise<Endpoint> => resolveEndpoint(env, home);

async function storeContext(
  name: string,
  docker: unknown,
  folder = join(home, '.docker'),
): Promise<void> {
  const meta = join(folder, 'contexts', 'meta', idOf(name));
  await mkdir(meta, { recursive: true });
  await writeFile(join(meta, 'meta.json'), JSON.stringify({ Name: name, Endpoints: { docker } }));
}

function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

async function storeConfig(config: object, folder = join(home, '.docker')): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
}

describe('the engine that the environment names', () => {
  it('is the default socket when nothing names one', async () => {
    expect(await resolve({})).toMatchObject({
      url: 'unix:///var/run/docker.sock',
      origin: 'default socket',
      address: { kind: 'unix', path: '/var/run/docker.sock' },
      tls: undefined,
    });
  });

  it('is that of DOCKER_HOST before all others', async () => {
    await storeContext('a', { Host: 'tcp://a:1' });
    await storeConfig({ currentContext: 'a' });
    const env = { DOCKER_HOST: 'tcp://h:2', DOCKER_CONTEXT: 'a' };
    expect(await resolve(env)).toMatchObject({ url: 'tcp://h:2', origin: 'DOCKER_HOST' });
  });

  it('is that of DOCKER_CONTEXT before the current context', async () => {
    await storeContext('a', { Host: 'tcp://a:1' });
    await storeContext('b', { Host: 'tcp://b:1' });
    await storeConfig({ currentContext: 'a' });
    expect(await resolve({ DOCKER_CONTEXT: 'b', DOCKER_HOST: '' })).toMatchObject({
      url: 'tcp://b:1',
      origin: 'context b (DOCKER_CONTEXT)',
    });
  });

  it('is that of the current context, in the folder that DOCKER_CONFIG names', async () => {
    const folder = join(home, 'elsewhere');
    await storeContext('a', { Host: 'unix:///run/a.sock' }, folder);
    await storeConfig({ currentContext: 'a' }, folder);
    expect(await resolve({ DOCKER_CONFIG: folder })).toMatchObject({
      url: 'unix:///run/a.sock',
      origin: `context a (currentContext of ${join(folder, 'config.json')})`,
    });
    expect(await resolve({})).toMatchObject({ origin: 'default socket' });
  });

  it('is named by anything but the default socket', async () => {
    await storeContext('local', { Host: '' });
    const named = async (env: Record<string, string>): Promise<boolean> =>
      (await resolve(env)).named;
    expect(await named({})).toBe(false);
    expect(await named({ DOCKER_CONTEXT: 'default', DOCKER_HOST: '' })).toBe(false);
    expect(await named({ DOCKER_HOST: 'unix:///var/run/docker.sock' })).toBe(true);
    expect(await named({ DOCKER_CONTEXT: 'local' })).toBe(true);
    expect(await named({ DOCKER_TLS: '1' })).toBe(true);
    await storeConfig({ currentContext: 'local' });
    expect(await named({})).toBe(true);
  });

  it.each(['default', ''])('is the default socket for the context %j', async (name) => {
    await storeConfig({ currentContext: 'a' });
    await storeContext('a', { Host: 'tcp://a:1' });
    const origin = name === '' ? /^context a / : /^default socket$/;
    expect((await resolve({ DOCKER_CONTEXT: name })).origin).toMatch(origin);
  });

  it('is an error for a missing or damaged context', async () => {
    await expect(resolve({ DOCKER_CONTEXT: 'gone' })).rejects.toMatchObject({
      kind: 'engine',
      code: 'ENGINE_CONTEXT',
      message: 'reading the docker context gone (DOCKER_CONTEXT): there is no such context',
      hint: expect.stringContaining('docker context ls') as string,
    });
    await storeContext('odd', undefined);
    await expect(resolve({ DOCKER_CONTEXT: 'odd' })).rejects.toThrow(/names no docker endpoint/);
    await writeFile(join(home, '.docker/contexts/meta', idOf('odd'), 'meta.json'), '{');
    await expect(resolve({ DOCKER_CONTEXT: 'odd' })).rejects.toMatchObject({
      code: 'ENGINE_CONTEXT',
    });
  });

  it('is an error when config.json is no JSON, which doesn’t show what is in the file', async () => {
    await mkdir(join(home, '.docker'));
    await writeFile(join(home, '.docker', 'config.json'), '{"auths": secret');
    const resolving = resolve({});
    await expect(resolving).rejects.toThrow(/config\.json: it is not JSON/);
    await expect(resolving).rejects.not.toThrow(/secret/);
    expect((await resolve({ DOCKER_HOST: 'tcp://h' })).origin).toBe('DOCKER_HOST');
  });

  it('has the certificates of DOCKER_CERT_PATH when DOCKER_TLS_VERIFY is not empty', async () => {
    for (const name of ['ca', 'cert', 'key']) await writeFile(join(home, `${name}.pem`), name);
    const env = { DOCKER_HOST: 'tcp://h:2376', DOCKER_CERT_PATH: home };
    expect((await resolve(env)).tls).toBeUndefined();
    expect((await resolve({ ...env, DOCKER_TLS_VERIFY: '1' })).tls).toEqual({
      ca: 'ca',
      cert: 'cert',
      key: 'key',
      verify: true,
    });
    // A program that sets it to 0 still asks for TLS: only empty means no (docker/cli).
    expect((await resolve({ ...env, DOCKER_TLS_VERIFY: '0' })).tls?.verify).toBe(true);
    expect((await resolve({ ...env, DOCKER_TLS: '1' })).tls?.verify).toBe(false);
    expect((await resolve({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: home })).url).toBe(
      'tcp://localhost:2376',
    );
  });

  it('is an error when the authority’s certificate is missing', async () => {
    const env = { DOCKER_HOST: 'tcp://h', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: home };
    await expect(resolve(env)).rejects.toMatchObject({ kind: 'engine', code: 'ENGINE_TLS' });
  });

  it('has the certificates of its context', async () => {
    await storeContext('s', { Host: 'tcp://s:2376' });
    const folder = join(home, '.docker', 'contexts', 'tls', idOf('s'), 'docker');
    expect((await resolve({ DOCKER_CONTEXT: 's' })).tls).toBeUndefined();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'ca.pem'), 'authority');
    expect((await resolve({ DOCKER_CONTEXT: 's' })).tls).toMatchObject({
      ca: 'authority',
      verify: true,
    });
    await storeContext('s', { Host: 'tcp://s:2376', SkipTLSVerify: true });
    expect((await resolve({ DOCKER_CONTEXT: 's' })).tls).toMatchObject({ verify: false });
  });

  it('knows the rootless sockets that exist, for a hint, and uses none of them', async () => {
    const path = join(home, 'podman', 'podman.sock');
    await mkdir(join(home, 'podman'));
    await writeFile(join(home, 'docker.sock'), 'not a socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const endpoint = await resolve({ XDG_RUNTIME_DIR: home });
    server.close();
    expect(endpoint.origin).toBe('default socket');
    expect(endpoint.others).toContain(`unix://${path}`);
    expect(endpoint.others).not.toContain(`unix://${join(home, 'docker.sock')}`);
  });

  it('is asked in the version that DOCKER_API_VERSION names', async () => {
    expect((await resolve({ DOCKER_API_VERSION: '1.41' })).apiVersion).toBe('v1.41');
  });
});
