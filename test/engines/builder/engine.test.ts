/** An engine that isn't there, goes away while a builder is run, comes back, or runs out of memory. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Proxy, startProxy, startServer } from '../cli/proxy.js';
import { engines, variantOf } from '../engines.js';
import { expectFailure, openShell, type Outcome, type Shell } from '../support.js';
import { type OwnEngine, startOwnEngine } from './own-engine.js';
import { act, buildersOf, folderOf, imageOf, openOpenShell, runs, SOON, two } from './support.js';

/** How long it is tried to remove a container of an engine that is away, and some. */
const PATIENCE = 25_000;
/** What is said hangs on which of several answers it was that didn't come. */
const GONE =
  /the engine at unix:\S+ \(DOCKER_HOST\)(?: went away in the middle)?: (?:it closed the connection|no such socket|connection refused)/;
const SAY = 'echo begun-$((6*7)) >&2';

/** The error: notices may come before it. */
const last = ({ stderr }: Outcome): string =>
  stderr
    .split('\n')
    .filter((line) => line.startsWith('dockerception: '))
    .at(-1) ?? '';

describe('an engine that isn’t there', () => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variantOf('docker20 BuildKit'));
    await folderOf(shell, 'builder', 'mark', 'tar -c .');
  });
  afterAll(() => shell.close());

  it.each(['unix:///no/such/engine.sock', 'tcp://127.0.0.1:9'])(
    'is named, with what needs none: %s',
    async (endpoint) => {
      const sources = [
        ['--from', 'builder', '-t', 'app'],
        ['--from', 'builder', '-t', 'app', '-o', 'app.tar'],
        ['--from-image', engines.base, '-t', 'app'],
        ['filter', '--from', 'builder'],
        ['--from', 'builder', '--serve', '80', '-t', 'app', '.'],
      ];
      for (const args of sources) {
        const outcome = await shell.tool(args, { env: { DOCKER_HOST: endpoint } });
        const why = new RegExp(
          `^dockerception: running a builder: .*${endpoint} \\(DOCKER_HOST\\)`,
        );
        expectFailure(outcome, 5, why, /DOCKER_HOST.*dockerception -t app -o app\.tar/);
        expect(outcome.took).toBeLessThan(SOON);
      }
      expect((await shell.run('ls')).stdout.toString()).toBe('builder\n');
    },
  );

  it('is no reason to wait for a context on standard input', async () => {
    const outcome = await shell.run('sleep 1 | dockerception --from - -t app', {
      env: { DOCKER_HOST: 'unix:///no/such/engine.sock' },
    });
    expectFailure(outcome, 5, /running a builder/);
  });

  it('but something else is told', async () => {
    const server = await startServer((_request, response) => void response.end('hello'));
    const outcome = await shell.tool(['--from-image', 'x', '-t', 'app'], {
      env: { DOCKER_HOST: server.host },
    });
    await server.close();
    expect(outcome.code).toBe(5);
    expectFailure(outcome, 5, new RegExp(`${server.host} \\(DOCKER_HOST\\)`));
  });
});

describe.concurrent.each(two)('a connection to $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  let image: string;
  const proxies: Proxy[] = [];
  beforeAll(async () => {
    shell = await openOpenShell(variant);
    image = await imageOf(shell);
  });
  afterAll(async () => {
    for (const proxy of proxies) await proxy.close();
    await shell.close();
  });

  const cut = async (mark: string, args: readonly string[], says: string): Promise<Outcome> => {
    const proxy = await startProxy(host);
    proxies.push(proxy);
    const tool = shell.start(['dockerception', ...args], { env: { DOCKER_HOST: proxy.host } });
    await tool.says(says);
    proxy.cut();
    return told(mark, await tool.done);
  };

  const told = async (mark: string, outcome: Outcome): Promise<Outcome> => {
    expect(outcome.took).toBeLessThan(PATIENCE + SOON);
    // Nobody but us can reach what is left; it was told how.
    for (const id of await buildersOf(host, `/vol/${mark}`)) {
      expect(outcome.stderr).toContain(`docker rm -f -v ${id.slice(0, 12)} removes it`);
      await act(host, 'DELETE', `${id}?force=1&v=1`);
    }
    return outcome;
  };

  it('that is cut while a builder runs is told, and how to remove what is left', async () => {
    const mark = shell.name();
    const args = ['--from-image', image, '-t', mark];
    const command = runs(mark, `tar -c hello; ${SAY}; sleep 60`);
    const outcome = await cut(mark, [...args, ...command], 'begun-42');
    expect(outcome.code, outcome.stderr).toBe(5);
    expect(last(outcome)).toMatch(GONE);
    expect(outcome.stdout).toHaveLength(0);
  });

  it('that is cut behind the builder puts no file in the image’s place', async () => {
    const mark = shell.name();
    // The builder asks once who is there, and then the image's build does.
    let pings = 0;
    const proxy = await startProxy(host, (head) =>
      /^GET \S*\/_ping/.test(head) && ++pings === 2 ? 'cut' : undefined,
    );
    proxies.push(proxy);
    const args = ['--from-image', image, '--artifacts', '/context:.', '-t', mark];
    const given = { env: { DOCKER_HOST: proxy.host } };
    const outcome = await told(mark, await shell.tool([...args, ...runs(mark, 'true')], given));
    expect(outcome.code, outcome.stderr).toBe(5);
    expect(last(outcome)).toMatch(GONE);
    expect((await shell.run('ls *.tar')).stdout).toHaveLength(0);
  });

  it('that is cut while the image is built is told', async () => {
    const mark = shell.name();
    const made = ['--base', engines.base, '-c', `RUN echo begun-$((6*7)) ${mark}; sleep 2`];
    const args = ['--from-image', image, '--exclude', 'Dockerfile', ...made, '-t', mark];
    const outcome = await cut(mark, [...args, ...runs(mark, 'tar -c .')], 'begun-42');
    expect(outcome.code, outcome.stderr).toBe(5);
    expect(last(outcome)).toMatch(GONE);
    await sleep(2500);
    const named = await shell.run(`docker image inspect ${mark}`);
    expect(named.code).not.toBe(0);
  });
});

/** One of its own for each test, side by side: these mostly wait. */
async function withOwn(use: (engine: OwnEngine, shell: Shell) => Promise<void>): Promise<void> {
  const engine = await startOwnEngine();
  try {
    const shell = await openShell(engine.variant);
    await use(engine, shell);
    await shell.close();
  } finally {
    await engine.close();
  }
}

async function startBuilder(
  shell: Shell,
  mark: string,
): Promise<{ readonly done: Promise<Outcome> }> {
  const script = `${SAY}; tar -c /etc 2>/dev/null; sleep 60 # ${mark}`;
  const args = ['--from-image', engines.base, '-t', mark, '--', 'sh', '-c', script];
  const tool = shell.start(['dockerception', ...args]);
  await tool.says('begun-42');
  return tool;
}

describe.concurrent('an engine', () => {
  it('that runs out of memory kills the builder, and that is told', () =>
    withOwn(async (engine, shell) => {
      // So that its group is there.
      await shell.tool(['filter', '-q', '--from-image', engines.base, '--', 'true']);
      await engine.limit(32 << 20);
      for (const [script, code] of [
        ['echo allocating >&2; exec tail -c 2000000000 /dev/zero', 137],
        ['echo allocating >&2; tail -c 2000000000 /dev/zero; exit 3', 3],
      ] as const) {
        const args = ['--from-image', engines.base, '-t', 'app', '--', 'sh', '-c', script];
        const why = new RegExp(
          `it ran out of memory, exit code ${code}; its last lines: allocating`,
        );
        expectFailure(await shell.tool(args), 4, why, /give the engine more memory/);
      }
      expect(await buildersOf(engine.variant.host, 'tail')).toEqual([]);
    }));

  it('that is restarted in the middle ends its builder, and nothing is left', () =>
    withOwn(async (engine, shell) => {
      const mark = shell.name();
      const { done } = await startBuilder(shell, mark);
      await engine.end('SIGTERM');
      await engine.start();
      const outcome = await done;
      // It kills the builder first, and may have the time to say so: that is no failure of the builder's.
      expect(outcome.code, outcome.stderr).toBe(5);
      expect(outcome.stdout).toHaveLength(0);
      expect(last(outcome)).toMatch(GONE);
      expect(await buildersOf(engine.variant.host, mark)).toEqual([]);
      expect((await shell.run(`docker image inspect ${mark}`)).code).not.toBe(0);
    }));

  it('that crashes in the middle, and comes back, has nothing left either', () =>
    withOwn(async (engine, shell) => {
      const mark = shell.name();
      const { done } = await startBuilder(shell, mark);
      await engine.end('SIGKILL');
      await engine.start();
      const outcome = await done;
      expect(outcome.code, outcome.stderr).toBe(5);
      expect(outcome.stderr).toMatch(GONE);
      // It is waited for a while, which a slow machine may need for the engine alone.
      for (const id of await buildersOf(engine.variant.host, mark))
        expect(outcome.stderr).toContain(`docker rm -f -v ${id.slice(0, 12)} removes it`);
      expect((await shell.run(`docker image inspect ${mark}`)).code).not.toBe(0);
    }));
});
