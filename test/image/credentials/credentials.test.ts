import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askHelper, credentialStore } from '../../../src/image/credentials/credentials.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const none = { username: '', password: '', identityToken: '', registryToken: '' };

async function environment(config: object, more = {}): Promise<Record<string, string>> {
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  return { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env['PATH']}`, ...more };
}

/** A helper of this name; `body` is shell, with the registry in `$server`. */
async function helper(name: string, body: string): Promise<void> {
  const script = `#!/bin/sh\nread -r server\necho "$1 $server" >> "${folder}/${name}.asked"\n${body}\n`;
  await writeFile(join(folder, `docker-credential-${name}`), script, { mode: 0o755 });
}

const asked = async (name: string): Promise<string[]> =>
  (await readFile(join(folder, `${name}.asked`), 'utf8')).trim().split('\n');

describe('the credentials of a registry', () => {
  it('are user and password of auth, with colons and other characters in the password', async () => {
    const env = await environment({ auths: { 'r.example:5000': { auth: base64('me:p:w=ü') } } });
    expect(await credentialStore(env).get('r.example:5000')).toEqual({
      ...none,
      username: 'me',
      password: 'p:w=ü',
    });
  });

  it('may be an identity token, or a user name and a password in the clear', async () => {
    const env = await environment({
      auths: {
        'a.example': { identitytoken: 'it' },
        'b.example': { username: 'u', password: 'p' },
        'c.example': { registrytoken: 'rt' },
      },
    });
    expect(await credentialStore(env).get('a.example')).toEqual({ ...none, identityToken: 'it' });
    expect(await credentialStore(env).get('b.example')).toEqual({
      ...none,
      username: 'u',
      password: 'p',
    });
    expect(await credentialStore(env).get('c.example')).toEqual({ ...none, registryToken: 'rt' });
  });

  it.each(['docker.io', 'index.docker.io', 'registry-1.docker.io'])(
    'of Docker Hub are found for %s, under the key of its first days',
    async (host) => {
      const env = await environment({
        auths: { 'https://index.docker.io/v1/': { auth: base64('hub:pw') } },
      });
      expect(await credentialStore(env).get(host)).toMatchObject({ username: 'hub' });
    },
  );

  it('are found under a URL of the same host, and under no other host or port', async () => {
    const env = await environment({
      auths: { 'https://r.example/v1/': { auth: base64('a:b') }, 'r.example:1': {} },
    });
    expect(await credentialStore(env).get('r.example')).toMatchObject({ username: 'a' });
    for (const other of ['r.example:1', 'r.example:443', 'example', 'x.r.example', 'docker.io'])
      expect(await credentialStore(env).get(other), other).toBeUndefined();
  });

  it('are none without a file, an entry, or anything in the entry', async () => {
    expect(
      await credentialStore({ DOCKER_CONFIG: join(folder, 'no') }).get('r.example'),
    ).toBeUndefined();
    expect(await credentialStore(await environment({})).get('r.example')).toBeUndefined();
    const env = await environment({ auths: { 'r.example': {} } });
    expect(await credentialStore(env).get('r.example')).toBeUndefined();
  });

  it('are looked for in the home folder when DOCKER_CONFIG is not set', async () => {
    expect(await credentialStore({ HOME: folder }).where('r.example')).toBe(
      `auths in ${join(folder, '.docker', 'config.json')}`,
    );
  });

  it.each(['%%%', base64('nocolon'), base64(':pw')])(
    'are an error when auth is %j, which is not shown',
    async (auth) => {
      const env = await environment({ auths: { 'r.example': { auth } } });
      const reading = credentialStore(env).get('r.example');
      await expect(reading).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' });
      await expect(reading).rejects.not.toThrow(auth);
    },
  );

  it('come from DOCKER_AUTH_CONFIG first', async () => {
    const auths = { 'r.example': { auth: base64('env:pw') } };
    const env = await environment(
      {
        auths: { 'r.example': { auth: base64('file:pw') }, 'f.example': { auth: base64('f:pw') } },
      },
      { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) },
    );
    expect(await credentialStore(env).get('r.example')).toMatchObject({ username: 'env' });
    expect(await credentialStore(env).get('f.example')).toMatchObject({ username: 'f' });
    const store = credentialStore(env);
    expect(await store.where('r.example')).toBe('auths in DOCKER_AUTH_CONFIG');
    expect(await store.where('f.example')).toBe(`auths in ${join(folder, 'config.json')}`);
  });

  it('come from the registry’s own helper before credsStore, and only it is run', async () => {
    await helper('own', `echo '{"ServerURL":"x","Username":"own","Secret":"s"}'`);
    await helper('store', `echo '{"ServerURL":"x","Username":"store","Secret":"s"}'`);
    const env = await environment({
      credsStore: 'store',
      credHelpers: { 'r.example': 'own' },
      auths: { 'r.example': { auth: base64('file:pw') } },
    });
    expect(await credentialStore(env).get('r.example')).toMatchObject({
      username: 'own',
      password: 's',
    });
    expect(await asked('own')).toEqual(['get r.example']);
    await expect(asked('store')).rejects.toThrow();
    expect(await credentialStore(env).get('docker.io')).toMatchObject({ username: 'store' });
    expect(await asked('store')).toEqual(['get https://index.docker.io/v1/']);
    expect(await credentialStore(env).where('r.example')).toContain('docker-credential-own');
  });

  it('of Docker Hub come from its helper under whichever of its names', async () => {
    await helper('own', `echo '{"Username":"own","Secret":"s"}'`);
    const env = await environment({ credHelpers: { 'docker.io': 'own' } });
    expect(await credentialStore(env).get('registry-1.docker.io')).toMatchObject({
      username: 'own',
    });
    expect(await asked('own')).toEqual(['get docker.io']);
  });

  it('are an identity token when the helper’s user is <token>', async () => {
    await helper('t', `echo '{"Username":"<token>","Secret":"abc"}'`);
    const env = await environment({ credsStore: 't' });
    expect(await credentialStore(env).get('r.example')).toEqual({ ...none, identityToken: 'abc' });
  });

  it('are known of in the file, and in credsStore', async () => {
    await helper('l', `echo '{"https://s.example/v1/":"someone"}'`);
    const env = await environment({
      auths: { 'a.example': {} },
      credHelpers: { 'b.example': 'x' },
      credsStore: 'l',
    });
    expect(await credentialStore(env).keys()).toEqual([
      'a.example',
      'b.example',
      'https://s.example/v1/',
    ]);
    expect(await asked('l')).toEqual(['list']);
  });

  it('are none when the helper has none', async () => {
    await helper('n', 'echo "credentials not found in native keychain"; exit 1');
    const env = await environment({ credsStore: 'n' });
    expect(await credentialStore(env).get('r.example')).toBeUndefined();
  });

  it.each<[string, RegExp]>([
    [
      'echo "the vault is locked"; exit 1',
      /for the credentials of r\.example: the vault is locked$/,
    ],
    ['echo "gpg: bad" >&2; exit 2', /gpg: bad$/],
    ['exit 3', /it exited with 3$/],
    ['echo nonsense-secret', /its answer is not JSON$/],
    ['echo null', /its answer has no Username and Secret$/],
    ['echo "{}"', /its answer has no Username and Secret$/],
    ['kill -9 $$', /it exited with a signal$/],
  ])('are an error when the helper does %j', async (body, message) => {
    await helper('bad', body);
    const env = await environment({ credsStore: 'bad' });
    await expect(credentialStore(env).get('r.example')).rejects.toMatchObject({
      kind: 'engine',
      code: 'CREDENTIAL_HELPER',
      message: expect.stringMatching(message) as string,
    });
  });

  it('are an error when the helper isn’t installed, or its name leads elsewhere', async () => {
    const gone = await environment({ credsStore: 'gone' });
    await expect(credentialStore(gone).get('r.example')).rejects.toThrow(
      /no such program on PATH$/,
    );
    const path = await environment({ credsStore: '../x' });
    await expect(credentialStore(path).get('r.example')).rejects.toMatchObject({
      code: 'CREDENTIAL_HELPER',
    });
  });

  it('are an error when the helper doesn’t answer in time, or doesn’t read', async () => {
    await helper('slow', 'sleep 60');
    const env = await environment({});
    await expect(askHelper('slow', 'r.example', env, 200)).rejects.toThrow(
      /no answer within 0\.2 s/,
    );
    const deaf = '#!/bin/sh\nexec <&-\necho \'{"Username":"u","Secret":"s"}\'\n';
    await writeFile(join(folder, 'docker-credential-deaf'), deaf, { mode: 0o755 });
    expect(await askHelper('deaf', 'r.example', env)).toMatchObject({ username: 'u' });
  });
});
