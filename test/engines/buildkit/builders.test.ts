/** Builds with a BuildKit that is no engine's: at an address, and by the name of a builder of buildx. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engines, run } from '../engines.js';
import { expectFailure, imageIdOf, type Shell } from '../support.js';
import { create } from '../tar.js';
import type { RemoteBuildKit } from './bridge.js';
import { tagsOf, useBuilder } from './docker28.js';

const { address: registry } = engines.registry;

/** The context of an image whose RUN proves that BuildKit runs it. */
function context(name: string, more = ''): Promise<Buffer> {
  return create([
    {
      name: 'Dockerfile',
      content: `FROM ${engines.base}\nCOPY data /data\nRUN echo ${name} >/x\n${more}`,
    },
    { name: 'data', content: randomBytes(1000) },
  ]);
}

let shell: Shell;
let buildkit: RemoteBuildKit;
let builder: string;
useBuilder((opened) => ({ shell, buildkit, builder } = opened));

describe.each([
  { way: '--builder ADDRESS', args: () => ['--builder', buildkit.address], env: () => ({}) },
  { way: 'BUILDKIT_HOST', args: () => [], env: () => ({ BUILDKIT_HOST: buildkit.address }) },
  { way: 'BUILDX_BUILDER', args: () => [], env: () => ({ BUILDX_BUILDER: builder }) },
])('with $way', ({ args, env }) => {
  it('pushes an image', async () => {
    const app = shell.name();
    const tag = `${registry}/${app}:x`;
    const input = await context(app);
    const id = imageIdOf(
      await shell.tool(['-q', ...args(), '-t', tag, '--push'], {
        input,
        env: { ...env(), DOCKER_CONFIG: engines.docker28.dockerConfig },
      }),
    );
    expect(await tagsOf(app)).toEqual(['x']);
    const { stdout } = await run(engines.crane, ['config', '--insecure', tag]);
    expect(id).toBe(`sha256:${await sha256(stdout)}`);
  });
});

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', Buffer.from(text));
  return Buffer.from(digest).toString('hex');
}

describe('a build', () => {
  it('writes several outputs and the metadata of buildx', async () => {
    const app = shell.name();
    const outputs = ['-o', 'app.tar', '-o', 'type=tar,dest=root.tar'];
    const args = ['-q', '--builder', buildkit.address, '-t', app, '--metadata-file', 'meta.json'];
    const id = imageIdOf(await shell.tool([...args, ...outputs], { input: await context(app) }));
    const listed = await shell.run('tar -tf root.tar | grep -x x; tar -tf app.tar | grep index');
    expect(listed.stdout.toString()).toBe('x\nindex.json\n');
    const metadata = JSON.parse(await readFile(join(shell.folder, 'meta.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    expect(metadata).toMatchObject({
      'containerimage.config.digest': id,
      'containerimage.descriptor': { digest: metadata['containerimage.digest'] },
      'image.name': `docker.io/library/${app}:latest`,
    });
  });

  it('loads the image into the engine', async () => {
    const app = shell.name();
    const args = ['-q', '--builder', buildkit.address, '-t', app, '--load'];
    imageIdOf(await shell.tool(args, { input: await context(app) }));
    const { stdout } = await shell.run(`docker run --rm ${app} cat /x`);
    expect(stdout.toString()).toBe(`${app}\n`);
  });

  it('pushes nothing of a context that is cut short', async () => {
    const app = shell.name();
    const args = ['-q', '--builder', buildkit.address, '-t', `${registry}/${app}`, '--push'];
    const input = (await context(app)).subarray(0, -1024);
    expectFailure(await shell.tool(args, { input }), 3, /cut short/);
    expect(await tagsOf(app)).toBeUndefined();
  });

  it('shows why a step failed', async () => {
    const app = shell.name();
    const args = ['-q', '--builder', buildkit.address, '-t', app, '-o', 'failed.tar'];
    const outcome = await shell.tool(args, { input: await context(app, 'RUN exit 3\n') });
    expectFailure(outcome, 1, /building the image: .*exit 3/);
  });

  it('shows why a step of a long Dockerfile failed', async () => {
    const app = shell.name();
    const comments = '# a comment that BuildKit’s error quotes\n'.repeat(3000);
    const args = ['-q', '--builder', buildkit.address, '-t', app, '-o', 'failed.tar'];
    const input = await context(app, `${comments}RUN exit 3\n`);
    expectFailure(await shell.tool(args, { input }), 1, /building the image: .*exit 3/);
  });

  it('says where credentials for a private base were looked for', async () => {
    const { address } = engines.registryAuth;
    const Dockerfile = `FROM ${address}/nosuch/base\n`;
    const outcome = await shell.tool(['-q', '--builder', buildkit.address, '-o', 'private.tar'], {
      input: await create([{ name: 'Dockerfile', content: Dockerfile }]),
    });
    expectFailure(outcome, 1, /nosuch\/base/, new RegExp(`docker login ${address}`));
  });

  it('needs an output', async () => {
    const args = ['-q', '--builder', buildkit.address, '-t', 'app'];
    const outcome = await shell.tool(args, { input: await context('app') });
    expectFailure(outcome, 2, /BuildKit keeps no images/, /--push/);
  });
});

describe('a builder that can not be reached', () => {
  it.each([
    ['tcp://127.0.0.1:1', /connection refused/, /buildkitd/],
    ['unix:///nowhere/buildkit.sock', /no such socket/, /buildkitd/],
    ['docker-container://nowhere', /No such container: nowhere/, /buildkitd/],
    ['nosuchbuilder', /no builder "nosuchbuilder" found/, /docker buildx ls/],
  ])('is exit code 5: %s', async (address, why, hint) => {
    const outcome = await shell.tool(['-q', '--builder', address, '-o', 'none.tar'], {
      input: await context('app'),
      env: { DOCKER_CONFIG: engines.docker28.dockerConfig },
    });
    expectFailure(outcome, 5, why, hint);
    expect(outcome.stderr).toContain(address);
  });

  it.each(['ftp://host', 'tcp://host', '-x', 'unix://'])('is exit code 2: %s', async (address) => {
    const args = ['-q', `--builder=${address}`, '-o', 'none.tar'];
    expectFailure(await shell.tool(args), 2, /reading the builder/);
  });
});
