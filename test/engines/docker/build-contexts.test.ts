import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import {
  dockerEngine,
  type DockerEngineSettings,
} from '../../../src/engine/docker/docker-engine.js';
import type { BuildResult, EngineRequest } from '../../../src/engine/engine.js';
import {
  cleanUp,
  connectTo,
  contextOf,
  engines,
  inspectImage,
  listLabelled,
  listTags,
  logsOf,
  options,
  stepsOf,
  uniqueTag,
  variants,
} from '../engines.js';

const able = variants.filter(({ engine, buildkit }) => engine === 'docker28' && buildkit);
const unable = variants.filter((variant) => !able.includes(variant));

const base = `${engines.registry.address}/base`;

describe.each(able)('--build-context with $name', ({ env, host }) => {
  afterAll(() => cleanUp(host));

  const buildOn = async (
    stream: Readable,
    change: Partial<EngineRequest>,
  ): Promise<BuildResult> => {
    const engine = dockerEngine(await connectTo(env), { env, stdout: process.stdout });
    return engine({ stream }, options(change));
  };

  it('takes an image for a stage, and honours every other option on its way', async () => {
    const tags = [uniqueTag(), `${uniqueTag()}:1.10`];
    const Dockerfile = [
      'FROM other AS one',
      'ARG WHO',
      'COPY data /data',
      'RUN echo "for $WHO"; wc -c < /data; cat /etc/hosts; grep -c : /proc/net/dev | sed "s/^/interfaces: /"',
      'FROM scratch',
      'RUN not-reached',
    ].join('\n');
    const asked = options({
      tags,
      buildContexts: { other: `docker-image://${base}` },
      buildArgs: { WHO: 'ä, b=c' },
      labels: { l: 'x "y"' },
      target: 'one',
      file: 'sub/Other.Dockerfile',
      addHosts: ['db.example:10.1.2.3', 'six.example=[2001:db8::1]'],
      network: 'none',
      noCache: true,
      pull: true,
      platforms: ['linux/amd64'],
    });
    const files = { 'sub/Other.Dockerfile': Dockerfile, data: 'x'.repeat(3_000_000) };
    const tar = await contextOf(files);
    const { imageId, metadata } = await buildOn(Readable.from([tar]), asked);
    const image = await inspectImage(host, tags[1] ?? '');
    expect(image.Id).toBe(imageId);
    expect(image.RepoTags.join(' ')).toContain(tags[0]);
    expect(image.Config.Labels).toMatchObject({ l: 'x "y"' });
    expect(metadata['containerimage.digest']).toBe(imageId);
    const text = logsOf(asked.events);
    for (const part of ['for ä, b=c', '3000000', 'interfaces: 1']) expect(text).toContain(part);
    expect(text).toMatch(/10\.1\.2\.3\s+db\.example/);
    expect(text).toMatch(/2001:db8::1\s+six\.example/);
    expect(stepsOf(asked.events).join('\n')).toContain(`[context other] ${base}`);
  });

  const buildContexts = { other: `docker-image://${base}` };

  it('fails with the engine’s words when a step fails', async () => {
    const tag = uniqueTag();
    const tar = await contextOf({ Dockerfile: 'FROM other\nRUN echo bad; exit 42\n' });
    await expect(
      buildOn(Readable.from([tar]), { buildContexts, tags: [tag] }),
    ).rejects.toMatchObject({
      kind: 'build',
      code: 'BUILD_FAILED',
      message: expect.stringContaining('exit code: 42') as string,
    });
    expect((await listTags(host)).join(' ')).not.toContain(tag);
  });

  it.each([600, 100_000, -1024])(
    'makes no image of a context that breaks after %i bytes; the error is the context’s own',
    async (length) => {
      const label = `a=${uniqueTag()}`;
      const Dockerfile = `FROM other\nLABEL ${label}\nCOPY data /data\n`;
      const tar = await contextOf({ Dockerfile, data: 'x'.repeat(300_000) });
      const stream = new PassThrough();
      stream.write(tar.subarray(0, length));
      const cause = new Error('the builder died');
      const failing = buildOn(stream, { buildContexts, tags: [uniqueTag()] });
      setTimeout(() => stream.destroy(cause), 400);
      await expect(failing).rejects.toBe(cause);
      await sleep(1500);
      expect(await listLabelled(host, label)).toEqual([]);
    },
  );

  it('makes none of a context that is closed, or when it is aborted', async () => {
    const label = `a=${uniqueTag()}`;
    const tar = await contextOf({
      Dockerfile: `FROM other\nLABEL ${label}\n`,
      d: 'x'.repeat(99_999),
    });
    const closed = new PassThrough();
    closed.write(tar.subarray(0, -1024));
    const failing = buildOn(closed, { buildContexts });
    setTimeout(() => closed.destroy(), 400);
    await expect(failing).rejects.toThrow('closed early');

    const open = new PassThrough();
    open.write(tar.subarray(0, -1024));
    const controller = new AbortController();
    const aborted = buildOn(open, { buildContexts, signal: controller.signal });
    const reason = new Error('interrupted');
    setTimeout(() => controller.abort(reason), 400);
    await expect(aborted).rejects.toBe(reason);
    expect(open.destroyed).toBe(true);
    await sleep(1500);
    expect(await listLabelled(host, label)).toEqual([]);
  });

  it('takes a directory, whose files come as they are', async () => {
    const build = async (
      openDirectory: DockerEngineSettings['openDirectory'],
      more = {},
    ): Promise<string> => {
      const settings = { env, stdout: process.stdout, ...(openDirectory ? { openDirectory } : {}) };
      const engine = dockerEngine(await connectTo(env), settings);
      const Dockerfile = `FROM other\nCOPY --from=dir . /dir\nRUN cd /dir && find . -type f | sort && cat a/b\n`;
      const contexts = { ...buildContexts, dir: './some/dir', ...more };
      const asked = options({ noCache: true, buildContexts: contexts });
      await engine({ stream: Readable.from([await contextOf({ Dockerfile })]) }, asked);
      return logsOf(asked.events);
    };
    const opened: string[] = [];
    const destroyed: Readable[] = [];
    const open = async (path: string): Promise<Readable> => {
      opened.push(path);
      const tar = await contextOf({ 'a/b': 'from the directory\n', big: 'x'.repeat(2_000_000) });
      const stream = Readable.from([tar]);
      destroyed.push(stream);
      return stream;
    };
    const text = await build(open, { unused: '/unused' });
    expect(text).toContain('./a/b\n./big\nfrom the directory');
    expect(opened).toEqual(['./some/dir', '/unused']);
    for (const stream of destroyed) expect(stream.destroyed).toBe(true);
    // The same Dockerfile with another directory: nothing of the first is left in a cache.
    const other = async (): Promise<Readable> =>
      Readable.from([await contextOf({ 'a/b': 'other\n' })]);
    expect(await build(other)).toMatch(/^\.\/a\/b\nother$/m);

    const cause = new Error('unreadable');
    const breaking = async (): Promise<Readable> => {
      const stream = new PassThrough();
      stream.write((await contextOf({ 'a/b': 'x'.repeat(9999) })).subarray(0, 5000));
      setTimeout(() => stream.destroy(cause), 400);
      return stream;
    };
    await expect(build(breaking)).rejects.toBe(cause);
    await expect(build(() => Promise.reject(cause))).rejects.toBe(cause);
    await expect(build(undefined)).rejects.toMatchObject({ kind: 'usage', code: 'BUILD_CONTEXT' });
    await expect(build(open, { x: 'oci-layout://y' })).rejects.toMatchObject({ kind: 'usage' });
  });
});

describe.each(unable)('--build-context with $name', ({ env }) => {
  it('is refused, and not ignored', async () => {
    const engine = dockerEngine(await connectTo(env), { env, stdout: process.stdout });
    const buildContexts = { other: `docker-image://${base}` };
    await expect(
      engine({ stream: Readable.from([]) }, options({ buildContexts })),
    ).rejects.toMatchObject({ kind: 'usage', code: 'BUILD_CONTEXT' });
  });
});
