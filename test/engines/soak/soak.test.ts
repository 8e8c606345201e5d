/**
 * Many builds, in one process and as processes, 16 at once: nothing grows, and nothing is left. `DOCKERCEPTION_SOAK=full`
 * runs 1,000 embedded builds and 200 with Docker both ways.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { waiting } from '../../support/process/cli.js';
import {
  askEngine,
  contextOf,
  engines,
  listLabelled,
  listTags,
  removeImages,
  removeNamed,
  run,
  uniqueTag,
  variantOf,
} from '../engines.js';
import { BIN, containersOf } from '../support.js';

const AT_ONCE = 16;
const COUNTS =
  process.env['DOCKERCEPTION_SOAK'] === 'full'
    ? { processes: 1000, docker: 200, dockerProcesses: 200 }
    : { processes: 100, docker: 120, dockerProcesses: 80 };
const BUILDS = fileURLToPath(new URL('builds.js', import.meta.url));
const registry = engines.registry.address;
const { host, env: engineEnv } = variantOf('docker28 BuildKit');

let folder: string;
let name: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-soak-'));
  name = uniqueTag();
  for (const path of ['tmp', 'home', 'outputs']) await mkdir(join(folder, path));
  const { PATH } = process.env;
  env = { PATH, HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp'), ...engineEnv };
});
afterEach(async () => {
  await removeNamed(host, [name]);
  await removeImages(host, await listLabelled(host, `is=${name}`));
  await rm(folder, { recursive: true, force: true });
});

/** What builds.js reports. */
interface State {
  readonly objects: number;
  readonly arrayBuffers: number;
  readonly rss: number;
  readonly descriptors: number;
  readonly listeners: number;
  readonly resources: readonly string[];
  readonly files: readonly string[];
}

/** Builds in one process. */
async function inOneProcess(
  engine: 'embedded' | 'docker',
  warmUp: number,
  count: number,
): Promise<void> {
  const outputs = join(folder, 'outputs');
  const { base } = engines;
  const request = {
    ...{ engine, warmUp, count, atOnce: AT_ONCE },
    ...{ folder: outputs, registry, base, name },
  };
  const args = ['--expose-gc', BUILDS, JSON.stringify(request)];
  const { stdout } = await run(process.execPath, args, { env });
  const { states, unexpected } = JSON.parse(stdout) as {
    readonly states: readonly [State, State, State];
    readonly unexpected: unknown;
  };
  expect(unexpected).toEqual({});
  const [warm, half, end] = states;
  for (const state of [half, end]) {
    const { resources, files, listeners, descriptors } = state;
    expect({ resources, files, listeners }).toEqual({
      resources: [],
      files: [],
      listeners: warm.listeners,
    });
    expect(descriptors).toBeLessThanOrEqual(warm.descriptors);
  }
  // What Node and V8 create once, when it is first needed, is in one half only.
  const growth = (of: (state: State) => number): number =>
    Math.min(of(half) - of(warm), of(end) - of(half));
  expect(growth(({ objects }) => objects)).toBeLessThan(count / 8);
  expect(growth(({ arrayBuffers }) => arrayBuffers)).toBeLessThan(1e6);
  expect(growth(({ rss }) => rss)).toBeLessThan(30e6);
  expect(end.rss).toBeLessThan(320e6);
}

/** A command, its input, and its exit code; 130 is interrupted before the end of its input. */
type Command = readonly [code: number, input: Buffer, ...args: string[]];

/** Runs commands as processes, in turn. Returns how often one succeeded. */
async function asProcesses(
  count: number,
  commands: (number: number) => readonly Command[],
): Promise<number> {
  let next = 0;
  let succeeded = 0;
  const unexpected: string[] = [];
  const work = async (): Promise<void> => {
    while (next < count) {
      const number = next++;
      const list = commands(number);
      const [code, input, ...args] = list[number % list.length] as Command;
      const child = spawn(process.execPath, [BIN, ...args], { env });
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.stdout.resume();
      child.stdin.on('error', () => undefined).write(input);
      if (code === 130) void interrupt(child);
      else child.stdin.end();
      const [ended] = (await once(child, 'close')) as [number | null];
      if (ended !== code) unexpected.push(`${args.join(' ')}: ${ended} ${stderr}`);
      if (code === 0) succeeded++;
      await rm(join(folder, 'outputs', `${number}`), { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(unexpected).toEqual([]);
  expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  expect(await readdir(join(folder, 'outputs'))).toEqual([]);
  return succeeded;
}

/** Sends SIGINT when the process handles it. One that has ended shows by its exit code. */
async function interrupt(child: ChildProcess): Promise<void> {
  await waiting(child.pid).catch(() => undefined);
  child.kill('SIGINT');
}

/** Descriptors of the engine, of which each session has some. Its goroutines grow with `docker build`, too. */
async function descriptorsOfEngine(): Promise<number> {
  return ((await askEngine(host, '/info')) as { readonly NFd: number }).NFd;
}

/** That the engine has the images that were named, and nothing else of the builds. */
async function expectNothingElse(before: number, named: number): Promise<void> {
  const tags = (await listTags(host)).filter((tag) => tag.includes(name));
  expect(tags).toHaveLength(named);
  expect(await containersOf(host, name)).toEqual([]);
  await removeNamed(host, [name]);
  // BuildKit may finish an image that was canceled (docs/engines.md).
  const unnamed = await listLabelled(host, `is=${name}`);
  const canceled = await listLabelled(host, 'kind=interrupted');
  expect(unnamed.filter((id) => !canceled.includes(id))).toEqual([]);
  const isOver = async (): Promise<boolean> => (await descriptorsOfEngine()) <= before + 8;
  for (let tries = 0; tries < 30 && !(await isOver()); tries++) await sleep(1000);
  expect(await isOver(), 'the engine has connections left').toBe(true);
}

describe('many embedded builds', () => {
  it('leave nothing in one process', () => inOneProcess('embedded', 200, 800), 900_000);

  it('leave nothing as processes', async () => {
    const file = (number: number): string => join(folder, 'outputs', `${number}`);
    const plain = await contextOf({ Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'content' });
    const onBase = await contextOf({
      Dockerfile: `FROM ${registry}/base\nCOPY a /\n`,
      a: 'content',
    });
    const commands = (number: number): Command[] => [
      [0, plain, '-q', '-t', name, '-o', file(number)],
      [0, plain, 'filter'],
      [0, onBase, '-q', '-t', `${registry}/${name}`, '--push'],
      [3, plain.subarray(0, 700), '-q', '-o', file(number)],
      [6, plain, '-q', '-o', file(number), '--max-size', '1'],
      [130, plain, '-q', '-o', file(number)],
    ];
    await asProcesses(COUNTS.processes, commands);
    // The caches have each layer once, whatever the number of builds.
    const cached = await readdir(join(folder, 'home'), { recursive: true, withFileTypes: true });
    const files = cached.filter((entry) => entry.isFile()).map((entry) => entry.name);
    expect(files.length).toBeLessThan(20);
    expect(files.filter((file) => file.startsWith('.dockerception'))).toEqual([]);
  }, 900_000);
});

describe('many builds with Docker', () => {
  it('leave nothing in one process, nor in the engine', async () => {
    const before = await descriptorsOfEngine();
    const warmUp = 40;
    await inOneProcess('docker', warmUp, COUNTS.docker - warmUp);
    // Two of six kinds of builds succeed.
    const named = 2 * Math.floor(COUNTS.docker / 6) + Math.min(COUNTS.docker % 6, 2);
    await expectNothingElse(before, named);
  }, 900_000);

  it('leave nothing as processes, nor in the engine', async () => {
    const before = await descriptorsOfEngine();
    const label = `FROM scratch\nLABEL is=${name}`;
    const plain = await contextOf({ Dockerfile: `${label}\nCOPY a /\n`, a: 'content' });
    const cut = plain.subarray(0, 700);
    const unfinished = await contextOf({ Dockerfile: `${label} kind=interrupted\n` });
    const fails = await contextOf({ Dockerfile: `FROM ${engines.base}\nRUN exit 3\n` });
    const commands = (number: number): Command[] => [
      [0, plain, '-q', '-t', `${name}-${number}`],
      [3, cut, '-q', '-t', `${name}-${number}`],
      [1, fails, '-q', '-t', `${name}-${number}`],
      [130, unfinished, '-q', '-t', `${name}-${number}`],
    ];
    const succeeded = await asProcesses(COUNTS.dockerProcesses, commands);
    await expectNothingElse(before, succeeded);
  }, 900_000);
});
