/** samples/dockerode.js: the library beside another client of the engine. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectImage } from '../engines.js';
import { helloEntries, openShell, type Shell, tracesOf } from '../support.js';
import { create } from '../tar.js';
import { two } from './sample.js';

const SAMPLE = fileURLToPath(new URL('../../../samples/dockerode.js', import.meta.url));

describe.each(two)('samples/dockerode.js, with $name', (variant) => {
  let shell: Shell;
  let context: Buffer;
  beforeAll(async () => {
    shell = await openShell(variant);
    context = await create(helloEntries('hello'));
  });
  afterAll(() => shell.close());

  const build = (name: string, input: Buffer): ReturnType<Shell['run']> =>
    shell.run(`node ${SAMPLE} ${name}`, { input });

  it('builds an image', async () => {
    const name = shell.name();
    const { code, stderr } = await build(name, context);
    expect([code, stderr]).toEqual([0, '']);
    expect((await inspectImage(variant.host, name)).RepoTags.join()).toContain(name);
  });

  it('builds nothing of a context that is cut short', async () => {
    const name = shell.name();
    const { code, stderr } = await build(name, context.subarray(0, -1024));
    expect(stderr).toMatch(/^dockerode: reading the stream: it is cut short [^\n]+\n$/);
    expect(code).toBe(1);
    expect(await tracesOf(variant.host, name)).toEqual([]);
  });

  it('reports why a build fails', async () => {
    const name = shell.name();
    const entries = [{ name: 'Dockerfile', content: 'FROM scratch\nCOPY missing /\n' }];
    const { code, stderr } = await build(name, await create(entries));
    expect(stderr).toMatch(/^dockerode: [^\n]*missing[^\n]*\n$/);
    expect(code).toBe(1);
    expect(await tracesOf(variant.host, name)).toEqual([]);
  });
});
