import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dockerEngine } from '../../../src/engine/docker/docker-engine.js';
import {
  cleanUp,
  connectTo,
  contextOf,
  engines,
  listTags,
  logsOf,
  options,
  run,
  uniqueTag,
  variants,
} from '../engines.js';

const { address, username, password } = engines.registryAuth;
const auth = Buffer.from(`${username}:${password}`).toString('base64');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A base that no engine has yet, in the registry that wants a login. */
async function privateBase(): Promise<string> {
  const name = `${address}/${uniqueTag()}`;
  const login = { DOCKER_CONFIG: folder, PATH: process.env['PATH'] };
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [address]: { auth } } }));
  await run(engines.crane, ['copy', '--insecure', `${address}/base`, name], { env: login });
  return name;
}

/** A helper that writes down which registries it was asked for. */
async function helper(): Promise<void> {
  const script = `#!/bin/sh
read -r server
echo "$1 $server" >> "${folder}/asked"
if [ "$server" = "${address}" ]; then
  printf '{"ServerURL":"%s","Username":"${username}","Secret":"${password}"}' "$server"
else
  echo "credentials not found in native keychain"; exit 1
fi
`;
  await writeFile(join(folder, 'docker-credential-fake'), script, { mode: 0o755 });
}

async function buildOn(env: NodeJS.ProcessEnv, base: string, change = {}): Promise<string> {
  const tar = await contextOf({ Dockerfile: `FROM ${base}\nRUN echo built on it\n` });
  const asked = options({ tags: [uniqueTag()], pull: true, noCache: true, ...change });
  const engine = dockerEngine(await connectTo(env), { env, stdout: process.stdout });
  await engine({ stream: Readable.from([tar]) }, asked);
  return logsOf(asked.events);
}

describe.each(variants)('a base in a registry that wants a login, with $name', (variant) => {
  afterAll(() => cleanUp(variant.host));

  const withConfig = async (config: object): Promise<NodeJS.ProcessEnv> => {
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    return { ...variant.env, DOCKER_CONFIG: folder, PATH: `${folder}:${process.env['PATH']}` };
  };

  it('is pulled with the credentials of auths', async () => {
    const base = await privateBase();
    const env = await withConfig({ auths: { [address]: { auth } } });
    expect(await buildOn(env, base)).toContain('built on it');
  });

  it('is pulled with those of a helper, which is asked for that registry alone', async () => {
    const base = await privateBase();
    await helper();
    const env = await withConfig({
      auths: { 'other.example': {} },
      credHelpers: { [address]: 'fake' },
    });
    expect(await buildOn(env, base)).toContain('built on it');
    const asked = new Set((await readFile(join(folder, 'asked'), 'utf8')).trim().split('\n'));
    expect([...asked]).toEqual([`get ${address}`]);
  });

  it('is not pulled without credentials, and the hint says where they were looked for', async () => {
    const base = await privateBase();
    const env = await withConfig({});
    const tag = uniqueTag();
    const failing = buildOn(env, base, { tags: [tag] });
    await expect(failing).rejects.toMatchObject({
      kind: 'build',
      hint: expect.stringContaining(join(folder, 'config.json')) as string,
    });
    await expect(failing).rejects.toMatchObject({
      hint: expect.stringContaining(address) as string,
    });
    expect((await listTags(variant.host)).join(' ')).not.toContain(tag);
  });
});
