/** The name comes last: no name, and no new image, of a build that fails, exceeds a limit or is interrupted. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Proxy, startProxy } from '../cli/proxy.js';
import { engines, inspectImage, listLabelled, listTags, removeImages } from '../engines.js';
import {
  expectFailure,
  five,
  imageIdOf,
  lostImage,
  openShell,
  type Shell,
  tracesOf,
} from '../support.js';
import { create } from '../tar.js';

/** How many signals are sent to builds of each builder, spread over the time that one takes. */
const MOMENTS = 5;

describe.each(five)('a build with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  /** Only the last image has the label: those of the steps before are the builder's cache. */
  const context = (name: string, data = randomBytes(1000), more = ''): Promise<Buffer> =>
    create([
      {
        name: 'Dockerfile',
        content: `FROM ${engines.base}\nCOPY data /data\nRUN echo ${name} >/x\nLABEL is=${name}\n${more}`,
      },
      { name: 'data', content: data },
    ]);

  it('leaves neither a name nor an image when a limit is exceeded', async () => {
    const app = shell.name();
    const input = await context(app);
    const args = ['-q', '-t', app, '-t', `${app}-2`, '--max-size', '1kB'];
    expectFailure(await shell.tool(args, { input }), 6, /--max-size/);
    expect(await tracesOf(host, app)).toEqual([]);
    // From the cache, too.
    expectFailure(await shell.tool(args, { input }), 6, /--max-size/);
    expect(await tracesOf(host, app)).toEqual([]);
  });

  it('keeps an image that existed before when a limit is exceeded', async () => {
    const app = shell.name();
    const input = await context(app);
    const unnamed = imageIdOf(await shell.tool(['-q'], { input }));
    const args = ['-q', '-t', app, '--max-size', '1kB'];
    expectFailure(await shell.tool(args, { input }), 6, /--max-size/);
    expect(await tracesOf(host, app)).toEqual([unnamed]);
    imageIdOf(await shell.tool(['-q', '-t', app], { input }));
    expectFailure(await shell.tool([...args, '-t', `${app}-2`], { input }), 6, /--max-size/);
    expect(await listLabelled(host, `is=${app}`)).toEqual([unnamed]);
    expect((await inspectImage(host, app)).Id).toBe(unnamed);
    expect((await listTags(host)).filter((tag) => tag.includes(`${app}-2`))).toEqual([]);
  });

  it('keeps a step of another image when a limit is exceeded', async () => {
    const app = shell.name();
    const data = randomBytes(1000);
    const longer = await context(app, data, 'ENV A=b\n');
    imageIdOf(await shell.tool(['-q', '-t', app], { input: longer }));
    const before = (await listLabelled(host, `is=${app}`)).sort();
    const input = await context(app, data);
    const args = ['-q', '-t', `${app}-2`, '--max-size', '1kB'];
    expectFailure(await shell.tool(args, { input }), 6, /--max-size/);
    expect((await listLabelled(host, `is=${app}`)).sort()).toEqual(before);
  });

  it('is named with exit code 0, and has no name with 130, whenever the signal comes', async () => {
    const warm = shell.name();
    const { took } = await shell.tool(['-q', '-t', warm], { input: await context(warm) });
    const codes: number[] = [];
    for (let moment = 0; moment < MOMENTS; moment++) {
      const app = shell.name();
      const input = await context(app);
      const tool = shell.start(['dockerception', '-q', '-t', app], { input });
      // Most of them near the end, where the image is written, checked and named.
      await sleep(took * (0.4 + (0.8 * moment) / MOMENTS));
      tool.signal('SIGINT');
      const outcome = await tool.done;
      if (lostImage(outcome)) continue;
      const { code, stdout, stderr } = outcome;
      codes.push(code);
      const names = (await listTags(host)).filter((tag) => tag.includes(app));
      if (code === 0) {
        expect(names).toHaveLength(1);
        expect(await listLabelled(host, `is=${app}`)).toEqual([stdout.toString().trim()]);
      } else {
        expect(code, stderr).toBe(130);
        expect(names, stderr).toEqual([]);
        // An engine may write the image although it was told to cancel, and then reports no ID of it.
      }
    }
    expect(codes).toContain(130);
  });

  describe('that fails after the image was built', () => {
    let proxy: Proxy | undefined;
    let silent: Server | undefined;
    afterEach(async () => {
      await proxy?.close();
      silent?.close();
    });

    it('sets all names or none', async () => {
      const app = shell.name();
      const old = imageIdOf(
        await shell.tool(['-q', '-t', `${app}-1`], { input: await context(`${app}-old`) }),
      );
      proxy = await startProxy(host, (head) =>
        /^POST \S*\/tag\?repo=\S*-2&/.test(head) ? 'refuse' : undefined,
      );
      const outcome = await shell.tool(['-q', '-t', `${app}-1`, '-t', `${app}-2`], {
        input: await context(app),
        env: { DOCKER_HOST: proxy.host },
      });
      expectFailure(outcome, 5, /tagging the image \S+-2:latest: no!/);
      expect((await inspectImage(host, `${app}-1`)).Id).toBe(old);
      expect(await listLabelled(host, `is=${app}`)).toEqual([]);
      expect((await listTags(host)).filter((tag) => tag.includes(`${app}-2`))).toEqual([]);
    });

    // The tool asks every engine in one way.
    if (variant === five[0])
      it.each([
        { lists: 'sometimes', refused: 3 },
        { lists: 'never', refused: Infinity },
      ])('gives its names back if the engine lists its images $lists', async ({ refused }) => {
        const app = shell.name();
        const old = imageIdOf(
          await shell.tool(['-q', '-t', `${app}-1`], { input: await context(`${app}-old`) }),
        );
        let lists = 0;
        proxy = await startProxy(host, (head) =>
          /^POST \S*\/tag\?repo=\S*-2&/.test(head) ||
          (/^GET \S*\/images\/json/.test(head) && ++lists <= refused)
            ? 'refuse'
            : undefined,
        );
        const { code, stderr } = await shell.tool(['-q', '-t', `${app}-1`, '-t', `${app}-2`], {
          input: await context(app),
          env: { DOCKER_HOST: proxy.host },
        });
        expect(code, stderr).toBe(5);
        expect((await inspectImage(host, `${app}-1`)).Id).toBe(old);
        const kept = await listLabelled(host, `is=${app}`);
        expect(kept).toHaveLength(refused === Infinity ? 1 : 0);
        if (refused === Infinity)
          expect(stderr).toMatch(/^dockerception: warning: keeping the image sha256:/m);
        await removeImages(host, kept);
      });

    it('gives its names back when a signal ends a push', async () => {
      silent = createServer().listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as AddressInfo;
      const app = `127.0.0.1:${port}/${shell.name()}`;
      const old = imageIdOf(await shell.tool(['-q', '-t', app], { input: await context('old') }));
      const asked = once(silent, 'connection');
      const other = shell.name();
      const tool = shell.start(['dockerception', '-q', '-t', app, '-t', other, '--push'], {
        input: await context(other),
      });
      await asked;
      tool.signal('SIGTERM');
      expectFailure(await tool.done, 143, /terminated/);
      expect((await inspectImage(host, app)).Id).toBe(old);
      expect(await tracesOf(host, other)).toEqual([]);
    });
  });
});
