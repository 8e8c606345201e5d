/** SIGINT and SIGTERM at each phase of a build with BuildKit: nothing is pushed or written, and no process is left. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, run } from '../engines.js';
import { openShell, type Running, type Shell } from '../support.js';
import { create } from '../tar.js';
import { type Direction, type RemoteBuildKit, serveBuildKit } from './bridge.js';
import { docker28 as variant } from './docker28.js';

const SIZE = 4 << 20;

let shell: Shell;
beforeAll(async () => {
  shell = await openShell(variant);
});
afterAll(() => shell.close());

const context = (name: string, last: string): Promise<Buffer> =>
  create([
    { name: 'Dockerfile', content: `FROM ${engines.base}\nLABEL is=${name}\n${last}\n` },
    { name: 'data', content: randomBytes(SIZE) },
  ]);

/** A BuildKit that forwards no more after some bytes, and when it does so. */
async function stalling(
  direction: Direction,
  limit: number,
): Promise<RemoteBuildKit & { stalled: Promise<void> }> {
  let stall = (): void => undefined;
  const stalled = new Promise<void>((resolve) => (stall = resolve));
  const server = await serveBuildKit(variant.host, {
    onData(way, bytes, faults) {
      if (way !== direction || bytes < limit) return;
      faults.stall();
      stall();
    },
  });
  return { ...server, stalled };
}

/** A builder of buildx at the address, which is removed with its BuildKit. */
async function named(server: RemoteBuildKit): Promise<RemoteBuildKit> {
  const name = shell.name();
  const made = `docker buildx create --name ${name} --driver remote ${server.address}`;
  expect(await shell.run(made, { litters: true })).toMatchObject({ code: 0 });
  return {
    address: name,
    async close() {
      await server.close();
      await shell.run(`docker buildx rm ${name}`, { litters: true });
    },
  };
}

async function processesOf(text: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes(text));
}

/** Sends the signal: the end of the build, and what is left of it. */
async function expectEnd(tool: Running, signal: NodeJS.Signals, builder: string): Promise<void> {
  const [code, word] = signal === 'SIGINT' ? [130, 'interrupted'] : [143, 'terminated'];
  tool.signal(signal);
  const outcome = await tool.done;
  expect(outcome.stderr.trimEnd().split('\n').at(-1)).toBe(`dockerception: ${word}`);
  expect(outcome.code).toBe(code);
  expect(outcome.stdout.toString()).toBe('');
  expect((await shell.run('ls')).stdout.toString()).toBe('');
  expect(await processesOf(builder)).toEqual([]);
}

const command = (builder: string, ...args: string[]): string[] => [
  'dockerception',
  ...['--builder', builder, '-o', 'app.tar', '--no-cache', '--progress', 'plain'],
  ...args,
];

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  it('ends a build through buildx in the middle of the upload', async () => {
    const server = await stalling('in', SIZE / 2);
    const builder = await named(server);
    const input = new PassThrough();
    input.write(await context(builder.address, 'COPY data /'));
    const tool = shell.start(command(builder.address), { input });
    await server.stalled;
    await expectEnd(tool, signal, builder.address);
    input.destroy();
    await builder.close();
  });

  it('ends it in the middle of a step', async () => {
    const server = await serveBuildKit(variant.host);
    const builder = await named(server);
    const input = await context(builder.address, 'RUN echo begun-$((6*7)); sleep 5');
    const tool = shell.start(command(builder.address), { input });
    await tool.says('begun-42');
    await expectEnd(tool, signal, builder.address);
    await builder.close();
  });

  it('ends it while a file is written', async () => {
    const server = await stalling('out', SIZE / 2);
    const builder = await named(server);
    const input = await context(builder.address, 'COPY data /');
    const tool = shell.start(command(builder.address), { input });
    await server.stalled;
    await expectEnd(tool, signal, builder.address);
    await builder.close();
  });

  it('ends it while the image is pushed', async () => {
    const builder = await serveBuildKit(variant.host);
    const registry = await silentRegistry();
    const { port } = registry.server.address() as AddressInfo;
    const name = shell.name();
    const input = await context(name, 'COPY data /');
    const args = [
      '--builder',
      builder.address,
      '--progress',
      'plain',
      '-t',
      `127.0.0.1:${port}/${name}`,
    ];
    const tool = shell.start(['dockerception', ...args, '--push'], { input });
    await registry.asked;
    await expectEnd(tool, signal, builder.address);
    registry.close();
    await builder.close();
  });
});

/** A registry that is asked, and never answers. */
async function silentRegistry(): Promise<{
  server: Server;
  asked: Promise<unknown>;
  close: () => void;
}> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
  }).listen(0, '127.0.0.1');
  const asked = once(server, 'connection');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { server, asked, close };
}
