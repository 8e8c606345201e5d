import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dockerEngine } from '../../../src/engine/docker/docker-engine.js';
import type { BuildResult, EngineRequest } from '../../../src/engine/engine.js';
import type { DockerceptionError } from '../../../src/errors.js';
import {
  cleanUp,
  connectTo,
  contextOf,
  engines,
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

async function buildOn(
  env: NodeJS.ProcessEnv,
  change: Partial<EngineRequest>,
  stdout = new PassThrough(),
): Promise<BuildResult> {
  const tar = await contextOf({ Dockerfile: `FROM ${engines.base}\nLABEL a=${uniqueTag()}\n` });
  const engine = dockerEngine(await connectTo(env), { env, stdout });
  for (let tries = 1; ; tries++)
    try {
      return await engine({ stream: Readable.from([tar]) }, options(change));
    } catch (error) {
      // Podman and the classic builder do not withstand that another test removes an image.
      const { hint } = error as DockerceptionError;
      if (tries === 5 || hint?.startsWith('another process removed an image') !== true) throw error;
    }
}

/** What the registry has under a name. */
async function digestInRegistry(name: string): Promise<string> {
  const config = await mkdtemp(join(folder, 'crane-'));
  const auths = { [address]: { auth } };
  await writeFile(join(config, 'config.json'), JSON.stringify({ auths }));
  const env = { DOCKER_CONFIG: config, PATH: process.env['PATH'] };
  return (await run(engines.crane, ['digest', '--insecure', name], { env })).stdout.trim();
}

describe.each(variants)('what becomes of an image that $name has built', ({ env, host }) => {
  afterAll(() => cleanUp(host));

  it('is pushed to two registries, the one with a login and the one without', async () => {
    await writeFile(
      join(folder, 'config.json'),
      JSON.stringify({ auths: { [address]: { auth } } }),
    );
    const tags = [`${address}/${uniqueTag()}:v1`, `${engines.registry.address}/${uniqueTag()}`];
    const { metadata } = await buildOn({ ...env, DOCKER_CONFIG: folder }, { tags, push: true });
    const digests = await Promise.all(tags.map(digestInRegistry));
    expect(digests[0]).toMatch(/^sha256:/);
    expect(digests).toContain(metadata['containerimage.digest']);
  });

  it('is not pushed with a wrong password; the error names the registry and the file', async () => {
    const wrong = Buffer.from(`${username}:wrong`).toString('base64');
    const file = join(folder, 'config.json');
    await writeFile(file, JSON.stringify({ auths: { [address]: { auth: wrong } } }));
    const tags = [`${address}/${uniqueTag()}`];
    await expect(
      buildOn({ ...env, DOCKER_CONFIG: folder }, { tags, push: true }),
    ).rejects.toMatchObject({
      kind: 'engine',
      code: 'PUSH_REFUSED',
      message: expect.stringContaining(`to ${address}: `) as string,
      hint: expect.stringContaining(file) as string,
    });
  });

  it('is not pushed to a registry that isn’t there', async () => {
    const tags = [`127.0.0.1:9/${uniqueTag()}`];
    await expect(buildOn(env, { tags, push: true })).rejects.toMatchObject({
      kind: 'engine',
      code: 'PUSH_FAILED',
    });
  });

  it('is written as an archive that has its names, and nothing else is left in the folder', async () => {
    const tags = [uniqueTag(), uniqueTag()];
    const dest = join(folder, 'app.tar');
    await buildOn(env, { tags, outputs: [{ type: 'docker', dest, attributes: {} }] });
    const manifest = execFileSync('tar', ['-xOf', dest, 'manifest.json'], { encoding: 'utf8' });
    for (const tag of tags) expect(manifest).toContain(`${tag}:latest`);
    expect(await readdir(folder)).toEqual(['app.tar']);
  });

  it('goes to standard output for -o -, which stays open', async () => {
    const stdout = new PassThrough();
    const read = buffer(stdout);
    await buildOn(env, { outputs: [{ type: 'docker', dest: '-', attributes: {} }] }, stdout);
    expect(stdout.writableEnded).toBe(false);
    stdout.end();
    await writeFile(join(folder, 'out.tar'), await read);
    const list = execFileSync('tar', ['-tf', join(folder, 'out.tar')], { encoding: 'utf8' });
    expect(list).toContain('manifest.json');
  });

  it('is not written where there is no folder, and keeps a file that was there on a full disk', async () => {
    const dest = join(folder, 'no', 'app.tar');
    await expect(
      buildOn(env, { outputs: [{ type: 'oci', dest, attributes: {} }] }),
    ).rejects.toMatchObject({ kind: 'output', code: 'OUTPUT_FAILED' });
    await expect(
      buildOn(env, { outputs: [{ type: 'oci', dest: '/dev/full', attributes: {} }] }),
    ).rejects.toMatchObject({
      kind: 'output',
      message: 'writing /dev/full: no space is left',
    });
    expect((await readFile('/dev/null')).length).toBe(0);
  });

  it('is refused as a type that the engine can’t write, before anything is built', async () => {
    const outputs = [{ type: 'local' as const, dest: folder, attributes: {} }];
    await expect(buildOn(env, { outputs })).rejects.toMatchObject({ kind: 'usage' });
  });
});
