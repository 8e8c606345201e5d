import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { dockerEngine } from '../../../src/engine/docker/index.js';
import type { BuildOptions, BuildResult } from '../../../src/engine/engine.js';
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

  const buildOn = async (stream: Readable, change: Partial<BuildOptions>): Promise<BuildResult> => {
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

  it('is refused for a directory, with what to do', async () => {
    await expect(
      buildOn(Readable.from([]), { buildContexts: { other: './dir' } }),
    ).rejects.toMatchObject({ kind: 'usage', hint: expect.stringContaining('buildx') as string });
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
