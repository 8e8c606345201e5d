/** An engine that isn't there, goes away, says nothing, or can't build what it got. */
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines.js';
import {
  containersOf,
  expectFailure,
  five,
  imageIdOf,
  openShell,
  type Outcome,
  type Shell,
  tracesOf,
} from '../support.js';
import { create } from '../tar.js';
import { type Proxy, startProxy, startServer } from './proxy.js';

/** Milliseconds in which it has to be over on a busy machine. */
const SECONDS = 15_000;
/** Bytes of a context that takes a while. */
const LARGE = 8 << 20;

const context = (name: string, last = 'RUN true', size = 1000): Promise<Buffer> =>
  create([
    {
      name: 'Dockerfile',
      content: `FROM ${engines.base}\nLABEL is=${name}\nCOPY data /data\n${last}\n`,
    },
    { name: 'data', content: randomBytes(size) },
  ]);

describe.each(five)('the engine of $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  let proxy: Proxy | undefined;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterEach(() => proxy?.close());
  afterAll(() => shell.close());

  const gone = (outcome: Outcome): void => {
    expectFailure(outcome, 5, /the engine at unix:\S+ \(DOCKER_HOST\) went away in the middle/);
    expect(outcome.took).toBeLessThan(SECONDS);
  };

  it.each([1, LARGE / 2])('that goes away after %i bytes of a context is told', async (bytes) => {
    proxy = await startProxy(host);
    const app = shell.name();
    const input = new PassThrough();
    // The end doesn't come: so the engine can't have all of it before it is cut.
    input.write((await context(app, 'RUN true', LARGE)).subarray(0, -1024));
    const env = { DOCKER_HOST: proxy.host };
    const { done } = shell.start(['dockerception', '-t', app], { input, env });
    await proxy.sent(bytes);
    proxy.cut();
    gone(await done);
    input.destroy();
    expect(await tracesOf(host, app)).toEqual([]);
  });

  it('that goes away in a step is told, and nothing is tagged', async () => {
    proxy = await startProxy(host);
    const app = shell.name();
    const input = await context(app, 'RUN echo begun-$((6*7)); sleep 2');
    const env = { DOCKER_HOST: proxy.host };
    const tool = shell.start(['dockerception', '-t', app], { input, env });
    await tool.says('begun-42');
    proxy.cut();
    gone(await tool.done);
    await sleep(3000);
    expect((await tracesOf(host, app)).filter((trace) => trace.includes(app))).toEqual([]);
  });

  it.each([
    { lists: 1, args: ['--max-size', '1GB'] },
    { lists: 0, args: [] },
  ])('doesn’t wait for a list of images: $lists with $args', async ({ lists, args }) => {
    let stalled = 0;
    proxy = await startProxy(host, (head) => {
      if (!/^GET \S*\/images\/json/.test(head)) return undefined;
      stalled++;
      return 'stall';
    });
    const app = shell.name();
    const input = await context(app);
    const env = { DOCKER_HOST: proxy.host };
    const outcome = await shell.tool(['-q', '-t', app, ...args], { input, env });
    imageIdOf(outcome);
    expect(outcome.took).toBeLessThan(SECONDS);
    expect(stalled).toBe(lists);
    expect((await tracesOf(host, app)).join()).toContain(`${app}:latest`);
  });

  const failing = [
    { what: 'a step that fails', last: 'RUN sh -c "exit 7"', why: /7/ },
    {
      what: 'an unknown instruction',
      last: 'NONSENSE here',
      why: /unknown instruction: "?NONSENSE/i,
    },
    { what: 'a file that is not there', last: 'COPY missing /', why: /missing/ },
    {
      what: 'a program that is not there',
      last: 'RUN ["no-such-program"]',
      why: /no-such-program/,
    },
  ];
  it.each(failing)('says why it can’t build $what', async ({ last, why }) => {
    const app = shell.name();
    const outcome = await shell.tool(['-q', '-t', app], { input: await context(app, last) });
    expect(outcome.code, outcome.stderr).toBe(1);
    expectFailure(outcome, 1, /^dockerception: building the image: /);
    expect(outcome.stderr).toMatch(why);
    // The Dockerfile's lines, with the failing one marked; no references of BuildKit's own.
    expect(outcome.stderr).toMatch(/^Dockerfile:4\n-{20}\n {3}2 \| {5}LABEL is=/);
    expect(outcome.stderr).toContain(`\n   4 | >>> ${last}\n`);
    expect(outcome.stderr).not.toMatch(/ref \w+::/);
    expect((await tracesOf(host, app)).filter((trace) => trace.includes(app))).toEqual([]);
    expect(await containersOf(host, app)).toEqual([]);
  });

  it('shows what a failing step printed', async () => {
    const app = shell.name();
    const last = 'RUN echo the-reason-is-$((6*7)); exit 3';
    const outcome = await shell.tool(['-t', app], { input: await context(app, last) });
    expectFailure(outcome, 1, /exit(?: code:|ed with|ing with)?.* 3|code: 3/);
    expect(outcome.stderr).toContain('the-reason-is-42');
  });
});

describe('an endpoint', () => {
  const [variant] = five;
  if (variant === undefined) throw new Error('there are no engines');
  let shell: Shell;
  let server: { readonly host: string; close(): Promise<void> } | undefined;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  afterAll(() => shell.close());

  const named = /DOCKER_HOST|docker context use/;

  it.each(['unix:///no/such/engine.sock', 'tcp://127.0.0.1:9', 'ssh://nobody@127.0.0.1:9'])(
    'that isn’t there, %s, is named, at once, though the builder is silent',
    async (endpoint) => {
      const silent = new PassThrough();
      const outcome = await shell.tool(['--engine', 'docker', '-t', 'app'], {
        input: silent,
        env: { DOCKER_HOST: endpoint },
      });
      silent.destroy();
      expectFailure(outcome, 5, new RegExp(`${endpoint} \\(DOCKER_HOST\\)`), named);
      expect(outcome.took).toBeLessThan(SECONDS);
    },
  );

  it('that isn’t there leaves the builder to finish into a closed pipe, and is the pipeline’s error', async () => {
    const outcome = await shell.run('yes | dockerception --engine docker -t app', {
      env: { DOCKER_HOST: 'unix:///no/such/engine.sock' },
    });
    expectFailure(outcome, 5, /no such socket/, named);
  });

  it.each(['smtp://here', 'tcp://a b', 'unix:/x/y'])(
    'that is no address, %s, is told',
    async (endpoint) => {
      const outcome = await shell.tool(['--engine', 'docker', '-t', 'app'], {
        input: await context('app'),
        env: { DOCKER_HOST: endpoint },
      });
      expectFailure(outcome, 5, /engine.* \(DOCKER_HOST\)/);
    },
  );

  it.each(['classic', 'podman'])(
    'that answers 500 with nothing, as a %s one, is told',
    async (kind) => {
      server = await startServer((request, response) => {
        const podman = kind === 'podman' ? { 'Libpod-Api-Version': '4.3.1' } : {};
        if (request.url?.includes('_ping') === true)
          response.writeHead(200, { 'Api-Version': '1.41', ...podman }).end('OK');
        else {
          // As Go's server does it: an answer, no further reading, and a while later the end.
          const { socket } = request;
          socket.write('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n');
          setTimeout(() => socket.destroy(), 500);
          request.pause();
        }
      });
      const outcome = await shell.tool(['--engine', 'docker', '-t', 'app'], {
        input: await context('app', 'RUN true', LARGE),
        env: { DOCKER_HOST: server.host },
      });
      expectFailure(outcome, 1, /answered 500 and gave no reason/, /the engine’s log/);
    },
  );

  it('that answers the build with 200 and nothing is no success', async () => {
    server = await startServer((request, response) => {
      request.resume();
      if (request.url?.includes('_ping') === true)
        response.writeHead(200, { 'Api-Version': '1.41' }).end('OK');
      else request.on('end', () => response.writeHead(200).end());
    });
    const outcome = await shell.tool(['--engine', 'docker', '-t', 'app'], {
      input: await context('app'),
      env: { DOCKER_HOST: server.host },
    });
    expectFailure(outcome, 1, /gave no image ID/);
  });

  it('that speaks something else is told', async () => {
    server = await startServer((request) => void request.socket.end('220 mail.example ESMTP\r\n'));
    const outcome = await shell.tool(['--engine', 'docker', '-t', 'app'], {
      input: await context('app'),
      env: { DOCKER_HOST: server.host },
    });
    expectFailure(outcome, 5, /reaching the engine at unix:.*: /);
  });
});
