import { Readable } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { dockerEngine } from '../../../src/engine/docker/docker-engine.js';
import {
  cleanUp,
  connectTo,
  contextOf,
  engines,
  inspectImage,
  listTags,
  logsOf,
  options,
  stepsOf,
  uniqueTag,
  variants,
} from '../engines.js';

describe.each(variants)('building with $name', ({ host, env }) => {
  afterAll(() => cleanUp(host));

  it('makes an image from a context, tags it and gives its ID', async () => {
    const engine = dockerEngine(await connectTo(env), { env, stdout: process.stdout });
    const tags = [uniqueTag(), `${uniqueTag()}:1.10`];
    const tar = await contextOf({
      Dockerfile: `FROM ${engines.base}\nCOPY hello /hello\nRUN cat /hello\n`,
      hello: `hello from ${tags[0]} – ünïcödé\n`,
    });
    const asked = options({ tags });
    const { imageId, metadata } = await engine({ stream: Readable.from([tar]) }, asked);

    expect(imageId).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await inspectImage(host, tags[0] ?? '')).Id).toContain(imageId.slice(7));
    expect((await listTags(host)).join(' ')).toContain(`${tags[1]}`);
    expect(logsOf(asked.events)).toContain(`hello from ${tags[0]} – ünïcödé`);
    expect(stepsOf(asked.events).join('\n')).toMatch(/COPY hello \/hello/);
    expect(metadata['image.name']).toContain(`docker.io/library/${tags[1]}`);
  });

  it('fails with the message of the engine when a step fails', async () => {
    const engine = dockerEngine(await connectTo(env), { env, stdout: process.stdout });
    const tag = uniqueTag();
    const tar = await contextOf({ Dockerfile: `FROM ${engines.base}\nRUN exit 42\n` });
    const failing = engine({ stream: Readable.from([tar]) }, options({ tags: [tag] }));

    await expect(failing).rejects.toMatchObject({ kind: 'build', code: 'BUILD_FAILED' });
    await expect(failing).rejects.toThrow(/42/);
    expect((await listTags(host)).join(' ')).not.toContain(tag);
  });
});
