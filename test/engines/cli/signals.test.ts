/** SIGINT and SIGTERM, at any time: the exit code, no image, no container, no file, no process. */
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAILURE_BLOCK } from '../../../src/sink/failure-block.js';
import { engines } from '../engines.js';
import { containersOf, expectFailure, five, openShell, type Shell, tracesOf } from '../support.js';
import { create } from '../tar.js';
import { startProxy } from './proxy.js';

/** Milliseconds in which it has to be over on a busy machine. */
const SECONDS = 15_000;
const LARGE = 4 << 20;

const signals = [
  { signal: 'SIGINT', code: 130, word: /interrupted/ },
  { signal: 'SIGTERM', code: 143, word: /terminated/ },
] as const;

// These mostly wait: so all at a time.
describe.concurrent.each(five)('a build with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  const context = (name: string, last: string, size: number): Promise<Buffer> =>
    create([
      { name: 'Dockerfile', content: `FROM ${engines.base}\nLABEL is=${name}\n${last}\n` },
      { name: 'data', content: randomBytes(size) },
    ]);

  it.each(signals)(
    'ends in the middle of the upload by $signal',
    async ({ signal, code, word }) => {
      const proxy = await startProxy(host);
      const app = shell.name();
      const input = new PassThrough();
      input.write((await context(app, 'COPY data /data', LARGE)).subarray(0, -1024));
      const env = { DOCKER_HOST: proxy.host };
      const tool = shell.start(['dockerception', '-t', app], { input, env });
      await proxy.sent(LARGE / 2);
      const asked = performance.now();
      tool.signal(signal);
      const outcome = await tool.done;
      input.destroy();
      await proxy.close();
      expectFailure(outcome, code, word);
      expect(performance.now() - asked).toBeLessThan(SECONDS);
      expect(await tracesOf(host, app)).toEqual([]);
    },
  );

  it.each(signals)('ends in the middle of a step by $signal', async ({ signal, code, word }) => {
    const app = shell.name();
    const input = await context(app, `RUN echo begun-$((6*7)); sleep 4 # ${app}`, 100);
    const tool = shell.start(['dockerception', '-t', app], { input });
    await tool.says('begun-42');
    const asked = performance.now();
    tool.signal(signal);
    expectFailure(await tool.done, code, word);
    expect(performance.now() - asked).toBeLessThan(SECONDS);
    // The engine has noticed by the time that the step would have been over.
    await sleep(5000);
    expect((await tracesOf(host, app)).filter((trace) => trace.includes(app))).toEqual([]);
    expect(await containersOf(host, app)).toEqual([]);
  });
});

describe('a signal', () => {
  const [variant] = five;
  if (variant === undefined) throw new Error('there are no engines');
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  it.each(signals)(
    '$signal ends it while the builder is silent',
    async ({ signal, code, word }) => {
      const tool = shell.start(['dockerception', '-t', 'app'], { input: undefined });
      await sleep(1500);
      tool.signal(signal);
      expectFailure(await tool.done, code, word);
    },
  );

  it.each(signals)(
    '$signal ends a filter, whose reader gets no whole tar',
    async ({ signal, code }) => {
      const tool = shell.start(['dockerception', 'filter'], { input: undefined });
      tool.stdin.write(
        (await create([{ name: 'Dockerfile', content: 'FROM scratch\n' }])).subarray(0, -1024),
      );
      await sleep(1500);
      tool.signal(signal);
      const outcome = await tool.done;
      expect(outcome.code).toBe(code);
      // The entry, then the block that makes every reader fail.
      expect(outcome.stdout.length).toBeLessThanOrEqual(1024 + FAILURE_BLOCK.length);
      expect(outcome.stdout.subarray(-FAILURE_BLOCK.length)).toEqual(FAILURE_BLOCK);
    },
  );
});
