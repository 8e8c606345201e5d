import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { dockerEngine } from '../../../src/engine/docker/docker-engine.js';
import type { EngineRequest } from '../../../src/engine/engine.js';
import { END_OF_ARCHIVE } from '../../../src/tar/writer.js';
import {
  cleanUp,
  connectTo,
  contextOf,
  engines,
  listLabelled,
  listTags,
  options,
  stepsOf,
  uniqueTag,
  type Variant,
  variants,
} from '../engines.js';
import { closeTogether } from '../relay.js';
import { create } from '../tar.js';

/** How long a builder may go on after its client is gone, in milliseconds. */
const SETTLE = 1500;

async function buildOn(
  env: NodeJS.ProcessEnv,
  stream: Readable,
  change: Partial<EngineRequest>,
  keepOwner = false,
): Promise<string> {
  const engine = dockerEngine(await connectTo(env), { env, stdout: process.stdout, keepOwner });
  return (await engine({ stream }, options(change))).imageId;
}

/** A context whose image has the label, with a body that is worth cutting. */
async function labelled(label: string, last = 'RUN true'): Promise<Buffer> {
  const Dockerfile = `FROM ${engines.base}\nLABEL ${label}\nCOPY data /data\n${last}\n`;
  return contextOf({ Dockerfile, data: 'x'.repeat(300_000) });
}

// Most of the time passes in waiting: each builder's tests run beside those of the others.
describe.concurrent.each(variants)('with $name', (variant) => {
  describe.sequential('a failure in the middle of a build', () => testFailures(variant));
});

function testFailures({ host, env }: Variant): void {
  afterAll(() => cleanUp(host));

  const nothingOf = async (tag: string): Promise<void> => {
    await sleep(SETTLE);
    expect((await listTags(host)).join(' ')).not.toContain(tag);
    // Intermediate images of the classic builder don't count: they have the label, but no name.
  };

  it.each([600, 100_000, -1024])(
    'of the context after %i bytes leaves no image, and the error is the context’s own',
    async (length) => {
      const tag = uniqueTag();
      const tar = (await labelled(`a=${tag}`)).subarray(0, length);
      const cause = new Error('the builder died');
      const stream = new PassThrough();
      stream.write(tar);
      const failing = buildOn(env, stream, { tags: [tag] });
      setTimeout(() => stream.destroy(cause), 300);
      await expect(failing).rejects.toBe(cause);
      await nothingOf(tag);
      expect(await listLabelled(host, `a=${tag}`)).toEqual([]);
    },
  );

  it('of a context that is closed without an error is an error all the same', async () => {
    const tag = uniqueTag();
    const stream = new PassThrough();
    stream.write((await labelled(`a=${tag}`)).subarray(0, -1024));
    const failing = buildOn(env, stream, { tags: [tag] });
    setTimeout(() => stream.destroy(), 300);
    await expect(failing).rejects.toThrow('closed early');
    await nothingOf(tag);
    expect(await listLabelled(host, `a=${tag}`)).toEqual([]);
  });

  it('by an abort during the upload rejects with its reason, and leaves no image', async () => {
    const tag = uniqueTag();
    const controller = new AbortController();
    const reason = new Error('interrupted');
    const stream = new PassThrough();
    stream.write((await labelled(`a=${tag}`)).subarray(0, 100_000));
    const failing = buildOn(env, stream, { tags: [tag], signal: controller.signal });
    setTimeout(() => controller.abort(reason), 300);
    await expect(failing).rejects.toBe(reason);
    expect(stream.destroyed).toBe(true);
    await nothingOf(tag);
    expect(await listLabelled(host, `a=${tag}`)).toEqual([]);
  });

  it('by an abort during a step rejects with its reason, and nothing is tagged', async () => {
    const tag = uniqueTag();
    const controller = new AbortController();
    const reason = new Error('terminated');
    const asked = options();
    const tar = await labelled(`a=${tag}`, 'RUN echo begun; sleep 4');
    const failing = buildOn(env, Readable.from([tar]), {
      tags: [tag],
      signal: controller.signal,
      report: (event) => {
        asked.report(event);
        if (stepsOf([event]).some((name) => name.includes('sleep 4')))
          setTimeout(() => controller.abort(reason), 500);
      },
    });
    await expect(failing).rejects.toBe(reason);
    await sleep(5000);
    expect((await listTags(host)).join(' ')).not.toContain(tag);
  });

  it('of an abort before it began sends nothing', async () => {
    const reason = new Error('too late');
    const stream = new PassThrough();
    const failing = buildOn(env, stream, { signal: AbortSignal.abort(reason) });
    await expect(failing).rejects.toBe(reason);
    expect(stream.destroyed).toBe(true);
  });

  it('of a damaged tar is reported in the engine’s words, though most of it is still to be sent', async () => {
    const tag = uniqueTag();
    const tar = await contextOf({ Dockerfile: 'FROM scratch\nCOPY . /\n' });
    function* damaged(): Generator<Buffer> {
      yield tar.subarray(0, -END_OF_ARCHIVE.length);
      for (let sent = 0; sent < 64 << 20; sent += 65536) yield Buffer.alloc(65536, 'not a header ');
    }
    const stream = Readable.from(damaged());
    const failing = buildOn(env, stream, { tags: [tag] });
    await expect(failing).rejects.toMatchObject({ kind: 'build' });
    expect(stream.destroyed).toBe(true);
    await nothingOf(tag);
  });

  it('of a Dockerfile that doesn’t parse is told in the engine’s words', async () => {
    const tar = await contextOf({ Dockerfile: 'NONSENSE here\n' });
    await expect(buildOn(env, Readable.from([tar]), {})).rejects.toMatchObject({
      kind: 'build',
      message: expect.stringMatching(/NONSENSE|no FROM/i) as string,
    });
  });

  it('rejects an invalid name before it sends anything', async () => {
    const tar = await contextOf({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n' });
    await expect(
      buildOn(env, Readable.from([tar]), { tags: ['Not A Name'] }),
    ).rejects.toMatchObject({ kind: 'usage', code: 'REFERENCE_INVALID' });
  });

  describe('by an engine that goes away', () => {
    it('during the upload', async ({ onTestFinished }) => {
      const tag = uniqueTag();
      const proxy = await startProxy(host.replace('unix://', ''));
      onTestFinished(proxy.close);
      const stream = new PassThrough();
      stream.write((await labelled(`a=${tag}`)).subarray(0, 100_000));
      const failing = buildOn({ ...env, DOCKER_HOST: proxy.host }, stream, { tags: [tag] });
      setTimeout(proxy.cut, 500);
      await expect(failing).rejects.toMatchObject({ kind: 'engine', code: 'ENGINE_GONE' });
      expect(stream.destroyed).toBe(true);
      await nothingOf(tag);
    });

    it('during a step', async ({ onTestFinished }) => {
      const tag = uniqueTag();
      const proxy = await startProxy(host.replace('unix://', ''));
      onTestFinished(proxy.close);
      const tar = await labelled(`a=${tag}`, 'RUN echo begun; sleep 3');
      const failing = buildOn({ ...env, DOCKER_HOST: proxy.host }, Readable.from([tar]), {
        tags: [tag],
        report: (event) => {
          if (stepsOf([event]).some((name) => name.includes('sleep 3'))) setTimeout(proxy.cut, 500);
        },
      });
      await expect(failing).rejects.toMatchObject({ kind: 'engine', code: 'ENGINE_GONE' });
      await sleep(4000);
      expect((await listTags(host)).join(' ')).not.toContain(tag);
    });
  });
}

describe('rootless Podman and an owner that it can’t make', () => {
  const [variant] = variants.filter(({ engine }) => engine === 'podmanRootless');
  const env = variant?.env ?? {};
  const context = async (): Promise<Readable> => {
    const Dockerfile = `FROM ${engines.base}\nCOPY data /data\n`;
    const entries = [
      { name: 'Dockerfile', content: Dockerfile },
      { name: 'data', content: 'x', uid: 197609, gid: 197609 },
    ];
    return Readable.from([await create(entries)]);
  };

  it('is told as an answer without a reason, with a hint at the owner when owners were kept', async () => {
    await expect(buildOn(env, await context(), {}, true)).rejects.toMatchObject({
      kind: 'build',
      code: 'ENGINE_NO_REASON',
      message: expect.stringContaining('answered 500 and gave no reason') as string,
      hint: expect.stringContaining('`owner: keep`') as string,
    });
  });

  it('hints at the engine’s log otherwise', async () => {
    await expect(buildOn(env, await context(), {})).rejects.toMatchObject({
      code: 'ENGINE_NO_REASON',
      hint: expect.stringContaining('journalctl --user -u podman') as string,
    });
  });
});

interface Proxy {
  readonly host: string;
  /** Closes all connections, as a process that is killed does, and takes no more. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

/** A socket in front of an engine's that can be cut. */
async function startProxy(target: string): Promise<Proxy> {
  const folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  const path = join(folder, 'proxy.sock');
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const engine = connectSocket(target);
    sockets.add(client).add(engine);
    closeTogether(client, engine);
    client.pipe(engine);
    engine.pipe(client);
  });
  server.listen(path);
  await once(server, 'listening');
  const cut = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return {
    host: `unix://${path}`,
    cut,
    async close() {
      cut();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
