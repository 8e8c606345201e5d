/** `docker ception`: the program as a plugin of the docker CLI, of both versions. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, listTags, variants } from '../engines.js';
import {
  containersOf,
  expectFailure,
  type Given,
  helloEntries,
  imageIdOf,
  openShell,
  type Outcome,
  type Running,
  type Shell,
  tracesOf,
} from '../support.js';
import { create } from '../tar.js';

/** Milliseconds in which a canceled build has to be over on a busy machine. */
const SECONDS = 15_000;

const both = variants.filter(
  ({ engine, buildkit }) => buildkit && (engine === 'docker20' || engine === 'docker28'),
);

describe.each(both)('docker ception with the CLI of $engine', (variant) => {
  const { cli, host } = variant;
  const is28 = variant.engine === 'docker28';
  let shell: Shell;
  let root: string;
  let config: string;
  let context: Buffer;
  beforeAll(async () => {
    shell = await openShell(variant);
    root = await mkdtemp(join(tmpdir(), 'dockerception-plugin-'));
    config = join(root, 'config');
    context = await create(helloEntries('hello'));
    const installed = await shell.tool(['plugin', 'install'], { env: { DOCKER_CONFIG: config } });
    expect(installed.code, installed.stderr).toBe(0);
  });
  afterAll(async () => {
    await shell.close();
    await rm(root, { recursive: true });
  });

  /** Starts docker with the plugin and no engine but those that its options name. */
  function start(args: readonly string[], { env, ...given }: Given = {}): Running {
    const own = { DOCKER_CONFIG: config, DOCKER_HOST: undefined, ...env };
    return shell.start([cli, ...args], { ...given, env: own });
  }
  const docker = (args: readonly string[], given?: Given): Promise<Outcome> =>
    start(args, given).done;

  it('is listed by docker', async () => {
    const info = await docker(['-H', host, 'info']);
    expect(info.stdout.toString()).toMatch(/^ +ception: Build a small image.*dockerception/m);
    const help = await docker(['--help']);
    expect(help.stdout.toString()).toMatch(/^ +ception\* +Build a small image/m);
  });

  it.each([
    ['ception', '--help'],
    ['help', 'ception'],
    ['ception', 'help'],
    ['--help', 'ception'],
  ])('has a help with its own name: docker %s %s', async (...args) => {
    const { code, stdout } = await docker(args);
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(/^Usage: docker ception \[build\]/);
  });

  it.each(both)('builds on $engine, which -H names', async ({ host: named }) => {
    const app = shell.name();
    const env = { DOCKER_HOST: 'unix:///no.sock', DOCKER_CONTEXT: 'nowhere' };
    const built = await docker(['-D', '-H', named, 'ception', '-q', '-t', app], {
      input: context,
      env,
    });
    imageIdOf(built);
    expect(await listTags(named)).toContain(`${app}:latest`);
  });

  it('builds with TLS', async () => {
    const { tls } = engines.docker20;
    const built = await docker(
      ['--tlsverify', '-H', tls.host, 'ception', '-q', '-t', shell.name()],
      {
        input: context,
        env: { DOCKER_CERT_PATH: tls.certPath },
      },
    );
    imageIdOf(built);
    const refused = await docker(['-H', tls.host, 'ception', '-t', 'app'], { input: context });
    expectFailure(refused, 5, /./, /this engine speaks TLS/);
  });

  it('builds with the context and the configuration that docker has', async () => {
    const created = await docker(['context', 'create', 'farm', '--docker', `host=${host}`]);
    expect(created.code, created.stderr).toBe(0);
    const env = { DOCKER_HOST: 'unix:///no.sock' };
    const build = ['ception', '-q', '-t', shell.name()];
    imageIdOf(await docker(['--context', 'farm', ...build], { input: context, env }));
    // The plugin is found in the folder of --config.
    const elsewhere = { DOCKER_CONFIG: join(root, 'none'), DOCKER_CONTEXT: 'farm' };
    const named = ['--config', config, '--log-level', 'error', ...build];
    imageIdOf(await docker(named, { input: context, env: elsewhere }));
    const used = await docker(['context', 'use', 'farm']);
    expect(used.code, used.stderr).toBe(0);
    imageIdOf(await docker(build, { input: context }));
    await docker(['context', 'use', 'default']);
  });

  it.each([
    [2, ['ception', '--nope'], /unknown option --nope/],
    [2, ['--tlscacert', '/ca.pem', 'ception', 'version'], /docker's option --tlscacert/],
    [3, ['ception', '-t', 'app', '-'], /standard input: it is empty/],
    [5, ['-H', 'unix:///no.sock', 'ception', '-t', 'app'], /\/no\.sock/],
    [6, ['ception', '--max-size', '1', '-t', 'app', '-o', 'app.tar'], /--max-size: it has/],
  ] as const)('exits with %i: docker %j', async (code, args, why) => {
    const input = code === 3 ? Buffer.alloc(0) : context;
    const outcome = await docker(args, { input });
    expect(outcome.stderr).toMatch(why);
    expect(outcome.code, outcome.stderr).toBe(code);
  });

  it('is a filter in front of docker build', async () => {
    const app = shell.name();
    const script = `"$CLI" ception filter | "$CLI" -H ${host} build -t ${app} -`;
    const outcome = await shell.run(script, {
      input: context,
      env: { CLI: cli, DOCKER_CONFIG: config, DOCKER_BUILDKIT: '0' },
    });
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(await listTags(host)).toContain(`${app}:latest`);
  });

  it('completes in docker, since version 23', async () => {
    const { stdout } = await docker(['__complete', 'ception', 'filter', '--strip']);
    const candidates = '--strip-components\t';
    if (is28) expect(stdout.toString()).toMatch(new RegExp(`^${candidates}[^\\n]+\\n:4\\n$`));
    else expect(stdout.toString()).not.toContain(candidates);
  });

  it('leaves a plugin of another program', async () => {
    const other = join(root, 'other');
    await mkdir(join(other, 'cli-plugins'), { recursive: true });
    await writeFile(join(other, 'cli-plugins/docker-ception'), '#!/bin/sh\n', { mode: 0o755 });
    const outcome = await docker(['--config', other, 'ception', 'plugin', 'install']);
    expect(outcome.code).not.toBe(0);
    const own = await shell.tool(['plugin', 'uninstall'], { env: { DOCKER_CONFIG: other } });
    expectFailure(own, 2, /it is another program's/);
  });

  /** Starts a build, and waits until its step runs. */
  async function startStep(app: string): Promise<Running> {
    const last = `RUN echo begun-$((6*7)); sleep 4 # ${app}`;
    const input = await create([
      { name: 'Dockerfile', content: `FROM ${engines.base}\nLABEL is=${app}\n${last}\n` },
    ]);
    const tool = start(['-H', host, 'ception', '-t', app], { input });
    await tool.says('begun-42');
    return tool;
  }

  async function expectNothing(app: string): Promise<void> {
    await sleep(5000);
    expect(await tracesOf(host, app)).toEqual([]);
    expect(await containersOf(host, app)).toEqual([]);
  }

  it.each([
    ['SIGINT', 130, /interrupted/],
    ['SIGTERM', 143, /terminated/],
  ] as const)('ends by %s of its process group', async (signal, code, word) => {
    const app = shell.name();
    const tool = await startStep(app);
    const asked = performance.now();
    tool.signal(signal);
    expectFailure(await tool.done, code, word);
    expect(performance.now() - asked).toBeLessThan(SECONDS);
    await expectNothing(app);
  });

  it('ends with docker', async () => {
    const app = shell.name();
    const tool = await startStep(app);
    const asked = performance.now();
    // Docker 20.10 does not pass a signal on, and ends itself by the third.
    for (let times = 0; times < (is28 ? 1 : 3); times++) {
      process.kill(tool.pid, 'SIGTERM');
      await sleep(100);
    }
    const { code, stderr } = await tool.done;
    expect(stderr).toMatch(/^dockerception: .*terminated$/m);
    expect(code).toBe(is28 ? 143 : 1);
    expect(performance.now() - asked).toBeLessThan(SECONDS);
    await expectNothing(app);
  });
});
