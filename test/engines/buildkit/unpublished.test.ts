/** A build with a BuildKit that ends early, at any moment, publishes nothing: each form of output is complete or missing. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Socket,
} from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { engines, inspectImage } from '../engines.js';
import { closeTogether } from '../relay.js';
import { expectFailure, type Shell } from '../support.js';
import { create } from '../tar.js';
import { type RemoteBuildKit, serveBuildKit } from './bridge.js';
import { docker28 as variant, tagsOf, useBuildKit } from './docker28.js';

const { address: registry } = engines.registry;

/** Bytes of a layer, which can't be compressed. */
const SIZE = 4 << 20;
/** How many signals are sent to builds with each form of output, around their end. */
const MOMENTS = 4;

interface Kind {
  readonly kind: string;
  readonly options: (app: string) => readonly string[];
  /** Whether BuildKit itself publishes the image: then it may have done so before it answers. */
  readonly isRemote?: boolean;
}

const kinds: readonly Kind[] = [
  {
    kind: 'a push',
    options: (app) => ['-t', `${registry}/${app}`, '--push'],
    isRemote: true,
  },
  {
    kind: 'a push after a check',
    options: (app) => ['-t', `${registry}/${app}`, '--push', '--deny', '/never'],
  },
  {
    kind: 'a push with a cache',
    options: (app) => {
      const cache = `type=registry,mode=max,ref=${registry}/${app}:cache`;
      return ['-t', `${registry}/${app}`, '--push', '--cache-to', cache];
    },
    isRemote: true,
  },
  { kind: 'an archive', options: (app) => ['-t', app, '-o', `${app}.tar`] },
  { kind: 'standard output', options: (app) => ['-t', app, '-o', '-'] },
  { kind: 'a layout', options: (app) => ['-t', app, '-o', `type=oci,tar=false,dest=${app}`] },
  { kind: 'a tar', options: (app) => ['-o', `type=tar,dest=${app}.tar`] },
  { kind: 'a folder', options: (app) => ['-o', `type=local,dest=${app}`] },
  { kind: 'a load', options: (app) => ['-t', app, '--load'] },
];

/** A context that only BuildKit can build. */
const context = (app: string, more = ''): Promise<Buffer> =>
  create([
    {
      name: 'Dockerfile',
      content: `FROM ${engines.base}\nLABEL is=${app}\nCOPY data /data\nRUN echo ${app} >/x\n${more}`,
    },
    { name: 'data', content: randomBytes(SIZE) },
  ]);

/** What is published: tags in the registry, all files in the folder, the image in the engine. */
async function published(shell: Shell, app: string): Promise<Record<string, unknown>> {
  const image = await inspectImage(variant.host, app).catch(() => undefined);
  return { tags: await tagsOf(app), files: await readdir(shell.folder), image: image?.Id };
}
const NOTHING = { tags: undefined, files: [], image: undefined };

// Most of the time passes in waiting: the tests of each form run beside those of the others.
describe.concurrent.each(kinds)('$kind', (kind) => {
  describe.sequential('of a build that ends early', () => testKind(kind));
});

function testKind({ options, isRemote = false }: Kind): void {
  let shell: Shell;
  let buildkit: RemoteBuildKit;
  useBuildKit((opened) => ({ shell, buildkit } = opened));
  const args = (app: string, address = buildkit.address): string[] => [
    ...['--builder', address, '--progress', 'plain', '--no-check'],
    ...options(app),
  ];

  it('leaves nothing of a context that is cut short', async () => {
    const app = shell.name();
    const input = (await context(app)).subarray(0, -1024);
    expectFailure(await shell.tool(['-q', ...args(app)], { input }), 3, /cut short/);
    expect(await published(shell, app)).toEqual(NOTHING);
  });

  it('leaves nothing if a limit refuses the image', async () => {
    const app = shell.name();
    const denied = ['-q', ...args(app).filter((one) => one !== '--no-check'), '--deny', '/data'];
    expectFailure(await shell.tool(denied, { input: await context(app) }), 6, /--deny/);
    // A cache is no image: BuildKit writes it before it sends one.
    const { tags, ...others } = await published(shell, app);
    expect({ tags: tags ?? ['cache'], ...others }).toEqual({ ...NOTHING, tags: ['cache'] });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves nothing after %s during a step', async (signal, code) => {
    const app = shell.name();
    const input = await context(app, `RUN echo of ${app}; sleep 30\n`);
    const running = shell.start(['dockerception', ...args(app)], { input });
    await running.says(` of ${app}\n`);
    running.signal(signal);
    const outcome = await running.done;
    expect(outcome.code, outcome.stderr).toBe(code);
    expect(await published(shell, app)).toEqual(NOTHING);
  });

  if (!isRemote)
    it.each(['interrupted', 'cut'])('leaves nothing if its export is %s', async (fault) => {
      const app = shell.name();
      let reached = (): void => undefined;
      const half = new Promise<void>((resolve) => (reached = resolve));
      const server = await serveBuildKit(variant.host, {
        onData(direction, bytes, { cut, stall }) {
          if (direction === 'in' || bytes < SIZE / 2) return;
          (fault === 'cut' ? cut : stall)();
          reached();
        },
      });
      const input = await context(app);
      const running = shell.start(['dockerception', ...args(app, server.address)], { input });
      await half;
      if (fault === 'interrupted') running.signal('SIGINT');
      const outcome = await running.done;
      if (fault === 'interrupted') expect(outcome.code, outcome.stderr).toBe(130);
      else expectFailure({ ...outcome, stderr: lastLines(outcome.stderr) }, 5, /tcp:\/\//);
      expect(outcome.stdout.toString()).toBe('');
      expect(await published(shell, app)).toEqual(NOTHING);
      await server.close();
    });

  it('is complete with exit code 0, and missing with 130, whenever the signal arrives', async () => {
    const first = shell.name();
    const { code, took, stderr } = await shell.tool(args(first), { input: await context(first) });
    expect(code, stderr).toBe(0);
    for (let moment = 0; moment < MOMENTS; moment++) {
      for (const name of await readdir(shell.folder))
        await rm(join(shell.folder, name), { recursive: true });
      const app = shell.name();
      const input = await context(app);
      const running = shell.start(['dockerception', ...args(app)], { input });
      await sleep(took * (0.6 + (0.6 * moment) / MOMENTS));
      running.signal('SIGINT');
      const outcome = await running.done;
      const found = await published(shell, app);
      const isPublished = JSON.stringify(found) !== JSON.stringify(NOTHING);
      if (outcome.code === 0) {
        if (!args(app).includes('-')) expect(isPublished).toBe(true);
      } else {
        expect(outcome.code, outcome.stderr).toBe(130);
        if (!isRemote) expect(found).toEqual(NOTHING);
      }
    }
  });
}

/** The error and its hint, without the progress before them. */
const lastLines = (stderr: string): string => stderr.slice(stderr.indexOf('dockerception: '));

/** A server that forwards to another until the client sends a request, of which it forwards no more. */
async function stallingAt(
  target: NetConnectOpts,
  isLast: (chunk: string) => boolean,
): Promise<{ readonly address: string; readonly stalled: Promise<void> }> {
  let stall = (): void => undefined;
  const stalled = new Promise<void>((resolve) => (stall = resolve));
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const other = connect(target);
    sockets.push(client, other);
    client.on('data', (chunk: Buffer) => {
      if (isLast(chunk.toString('latin1', 0, 200))) {
        client.pause();
        stall();
      } else other.write(chunk);
    });
    other.pipe(client);
    closeTogether(client, other);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, stalled };
}

describe('an image that is being published', () => {
  let shell: Shell;
  let buildkit: RemoteBuildKit;
  useBuildKit((opened) => ({ shell, buildkit } = opened));

  const interrupted = async (
    app: string,
    stalled: Promise<void>,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const input = await context(app);
    const command = ['dockerception', '--builder', buildkit.address, '--no-check', ...args];
    const running = shell.start(command, { input, env });
    await Promise.race([stalled, running.done]);
    running.signal('SIGINT');
    const { code, stderr } = await running.done;
    expect(code, stderr).toBe(130);
    expect(await published(shell, app)).toEqual(NOTHING);
  };
  /** Whatever is published after it. */
  const files = (app: string): string[] => [
    ...['-o', `${app}.tar`, '-o', `type=oci,tar=false,dest=${app}`, '-o', `type=oci,dest=${app}2`],
    ...['-o', `type=tar,dest=${app}3.tar`, '-o', `type=local,dest=${app}-files`],
  ];

  it.each([
    ['a layer', /^POST \S+\/blobs\/uploads\//],
    ['its name', /^PUT \S+\/manifests\/latest/],
  ])('leaves no file and no name if the signal arrives while %s is pushed', async (_, request) => {
    const [host = '', port] = registry.split(':');
    const there = await stallingAt({ host, port: Number(port) }, (chunk) => request.test(chunk));
    const app = shell.name();
    const tag = `${there.address}/${app}`;
    await interrupted(app, there.stalled, ['-t', tag, '--push', ...files(app)]);
  });

  it('leaves no file and no image if the signal arrives while it is loaded', async () => {
    const target = { path: variant.host.replace('unix://', '') };
    let loads = false;
    const there = await stallingAt(target, (chunk) => {
      const wasLoading = loads;
      loads ||= /^POST \S*\/images\/load/.test(chunk);
      return wasLoading;
    });
    const app = shell.name();
    const env = { DOCKER_HOST: `tcp://${there.address}` };
    await interrupted(app, there.stalled, ['-t', app, '--load', ...files(app)], env);
  });

  it('leaves no file if it can’t be pushed', async () => {
    const app = shell.name();
    const args = ['-q', '--builder', buildkit.address, '-t', `127.0.0.1:9/${app}`, '--push'];
    const outcome = await shell.tool([...args, ...files(app)], { input: await context(app) });
    expectFailure(outcome, 5, /127\.0\.0\.1:9/);
    expect(await published(shell, app)).toEqual(NOTHING);
  });
});
