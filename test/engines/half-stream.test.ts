/** Half of a stream behind `filter`: no builder makes an image of it. */
import { spawnSync } from 'node:child_process';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { engines, variants } from './engines.js';
import { openShell, tracesOf, type Shell } from './support.js';
import { create } from './tar.js';

const BLOCK = 512;

/** A context that ends between two entries: without its end-of-archive. */
async function half(unique: string): Promise<Buffer> {
  const Dockerfile = `FROM ${engines.base}\nLABEL is=${unique}\nCOPY a /a\n`;
  const whole = await create([
    { name: 'Dockerfile', content: Dockerfile },
    { name: 'a', content: 'a'.repeat(3000) },
  ]);
  return whole.subarray(0, -2 * BLOCK);
}

describe.each(variants)('half of a context, with $name', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  it('builds nothing through filter and docker build -', async () => {
    const app = shell.name();
    const script = `dockerception filter | docker build -t ${app} -`;
    const { code, stderr } = await shell.run(script, { input: await half(app), litters: true });
    expect(code, stderr).not.toBe(0);
    expect(stderr).toContain('cut short between two entries');
    expect(await tracesOf(variant.host, app)).toEqual([]);
  });

  it('builds nothing when filter had nothing to read', async () => {
    const app = shell.name();
    const script = `dockerception filter | docker build -t ${app} -`;
    const { code, stderr } = await shell.run(script, { litters: true });
    expect(code, stderr).not.toBe(0);
    expect(await tracesOf(variant.host, app)).toEqual([]);
  });
});

describe('half of a context, sent to the API of Podman', () => {
  it('is refused after filter', async () => {
    const variant = variants.find(({ name }) => name === 'podman');
    if (variant === undefined) throw new Error('there is no Podman');
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
