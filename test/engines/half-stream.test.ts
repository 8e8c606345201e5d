/** Half of a stream behind `filter`: no builder makes an image of it. */
import { spawnSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RemoteBuildKit, serveBuildKit } from './buildkit/bridge.js';
import { engines, variantOf, variants } from './engines.js';
import { openShell, type Outcome, type Shell, tracesOf } from './support.js';
import { create } from './tar.js';

const BLOCK = 512;
/** The exit code of a pipeline is then the builder's. */
const FILTER = '{ dockerception filter || true; }';

function whole(unique: string): Promise<Buffer> {
  const Dockerfile = `FROM ${engines.base}\nLABEL is=${unique}\nCOPY a /a\n`;
  return create([
    { name: 'Dockerfile', content: Dockerfile },
    { name: 'a', content: 'a'.repeat(3000) },
  ]);
}

/** A context that ends between two entries: without its end-of-archive. */
async function half(unique: string): Promise<Buffer> {
  return (await whole(unique)).subarray(0, -2 * BLOCK);
}

describe.each(variants)('half of a context, with $name', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  it('builds nothing through filter and docker build -', async () => {
    const app = shell.name();
    const script = `${FILTER} | docker build -t ${app} -`;
    const { code, stderr } = await shell.run(script, { input: await half(app), litters: true });
    expect(code, stderr).not.toBe(0);
    expect(stderr).toContain('cut short between two entries');
    expect(await tracesOf(variant.host, app)).toEqual([]);
  });

  it('builds nothing when filter had nothing to read', async () => {
    const app = shell.name();
    const script = `${FILTER} | docker build -t ${app} -`;
    const { code, stderr } = await shell.run(script, { litters: true });
    expect(code, stderr).not.toBe(0);
    expect(await tracesOf(variant.host, app)).toEqual([]);
  });
});

describe('half of a context, sent to the API of Podman', () => {
  it('is refused after filter', async () => {
    const variant = variantOf('podman');
    const shell = await openShell(variant);
    try {
      const app = shell.name();
      const { stdout, code } = await shell.tool(['filter'], { input: await half(app) });
      expect(code).toBe(3);
      const socket = variant.host.replace('unix://', '');
      const url = `http://podman/build?t=${app}`;
      const args = ['-sS', '--fail', '--unix-socket', socket, '-X', 'POST', '--data-binary', '@-'];
      const type = ['-H', 'Content-Type: application/x-tar'];
      const sent = spawnSync('curl', [...args, ...type, url], { input: stdout });
      expect(sent.status, sent.stderr.toString()).toBe(22);
      expect(await tracesOf(variant.host, app)).toEqual([]);
      expect(spawnSync('tar', ['-t'], { input: stdout }).status).toBe(2);
    } finally {
      await shell.close();
    }
  });
});

describe('half of a context, with a remote builder of buildx', () => {
  const { host, buildx } = engines.docker28;
  let shell: Shell;
  let remote: RemoteBuildKit;
  let builder: string;
  beforeAll(async () => {
    const variant = variantOf('docker28 BuildKit');
    shell = await openShell(variant);
    remote = await serveBuildKit(host);
    builder = shell.name();
    const args = `create --name ${builder} --driver remote ${remote.address}`;
    const { code, stderr } = await run(`${buildx} ${args}`, Buffer.alloc(0));
    expect(code, stderr).toBe(0);
  });
  afterAll(async () => {
    // Its builders are known in a folder of the shell only.
    await shell.close();
    await remote.close();
  });

  const run = (script: string, input: Buffer): Promise<Outcome> => {
    const DOCKER_CONFIG = join(shell.folder, '..', 'config');
    return shell.run(script, { input, env: { DOCKER_CONFIG }, litters: true });
  };
  const build = (before: string, input: Buffer, output: string): Promise<Outcome> =>
    run(`${before} | ${buildx} build --builder ${builder} ${output} -`, input);

  it('builds an image of a whole context through filter', async () => {
    const app = shell.name();
    const { code, stderr } = await build(FILTER, await whole(app), `-t ${app} --load`);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('remote driver');
    expect(await tracesOf(host, app)).toContain(`${app}:latest`);
  });

  it('builds an image of half a context without filter', async () => {
    const app = shell.name();
    const { code, stderr } = await build('cat', await half(app), `-t ${app} --load`);
    expect(code, stderr).toBe(0);
    expect(await tracesOf(host, app)).toContain(`${app}:latest`);
  });

  it('makes no image through filter', async () => {
    const app = shell.name();
    const { code, stderr } = await build(FILTER, await half(app), `-t ${app} --load`);
    expect(code, stderr).not.toBe(0);
    expect(stderr).toContain('cut short between two entries');
    expect(stderr).toContain('remote driver');
    expect(await tracesOf(host, app)).toEqual([]);
  });

  it('leaves the archive empty that it has opened for an image', async () => {
    const app = shell.name();
    const output = '-o type=oci,dest=archive.tar';
    const { code, stderr } = await build(FILTER, await half(app), output);
    expect(code, stderr).not.toBe(0);
    const { size } = await stat(join(shell.folder, 'archive.tar'));
    expect(size).toBe(0);
    const good = await build(FILTER, await whole(app), output);
    expect(good.code, good.stderr).toBe(0);
    expect((await stat(join(shell.folder, 'archive.tar'))).size).toBeGreaterThan(3000);
  });
});
