/** How BuildKit is found and reached, and what is said if it is not. */
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, run } from '../engines.js';
import { BIN, expectFailure, imageIdOf, openShell, type Shell, tracesOf } from '../support.js';
import { create } from '../tar.js';
import { type RemoteBuildKit, serveBuildKit } from './bridge.js';
import { docker28 as variant } from './docker28.js';

let shell: Shell;
let input: Buffer;
let socket: RemoteBuildKit;
let port: RemoteBuildKit;
beforeAll(async () => {
  shell = await openShell(variant);
  socket = await serveBuildKit(variant.host, { path: join(shell.folder, '..', 'buildkit.sock') });
  port = await serveBuildKit(variant.host);
  input = await create([{ name: 'Dockerfile', content: `FROM ${engines.base}\nRUN true\n` }]);
});
afterAll(async () => {
  await Promise.all([socket.close(), port.close()]);
  await shell.close();
});

/** A PATH whose first folder has a program: a script for sh. */
async function pathWith(name: string, script: string): Promise<string> {
  const folder = join(shell.folder, '..', shell.name());
  await mkdir(folder);
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
  return `${folder}:${process.env['PATH']}`;
}

/** A script that connects its standard input and output to the socket of a BuildKit. */
function connected(): string {
  const path = JSON.stringify(socket.address.slice('unix://'.length));
  const program = `const s = require("net").connect(${path}); process.stdin.pipe(s).pipe(process.stdout)`;
  return `exec ${process.execPath} -e '${program}'`;
}

const outputOf = (name: string): string[] => ['-q', '-o', `${name}.tar`];

/** Processes whose command has `text` in it. */
async function processesOf(text: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes(text));
}

describe('a build reaches BuildKit', () => {
  it('at the path of a socket', async () => {
    imageIdOf(await shell.tool([...outputOf('unix'), '--builder', socket.address], { input }));
  });

  it('in a container', async () => {
    const name = shell.name();
    const tcp = new URL(port.address);
    const script = `printf '#!/bin/sh\\nexec nc ${tcp.hostname} ${tcp.port}\\n' >/bin/buildctl; chmod +x /bin/buildctl; sleep 300`;
    const start = `docker run -d --rm --network host --name ${name} ${engines.base} sh -c ${JSON.stringify(script.replaceAll('$', '\\$'))}`;
    expect((await shell.run(start)).code).toBe(0);
    try {
      await shell.run(`until docker exec ${name} test -x /bin/buildctl; do sleep 0.1; done`);
      const args = [...outputOf('container'), '--builder', `docker-container://${name}`];
      imageIdOf(await shell.tool(args, { input }));
    } finally {
      await shell.run(`docker rm -f ${name}`);
    }
  });

  it('in a pod', async () => {
    const PATH = await pathWith(
      'kubectl',
      `echo "$@" >&2; echo "$@" >kubectl-args; ${connected()}`,
    );
    const address = 'kube-pod://buildkit-0?context=east&namespace=ci&container=buildkitd';
    imageIdOf(
      await shell.tool([...outputOf('pod'), '--builder', address], { input, env: { PATH } }),
    );
    expect(await readFile(join(shell.folder, 'kubectl-args'), 'utf8')).toBe(
      '--context east --namespace ci --container buildkitd exec -i buildkit-0 -- buildctl dial-stdio\n',
    );
  });

  it('of a builder that takes its time, which is said', async () => {
    const PATH = await pathWith('docker', `sleep 2; ${connected()}`);
    const args = ['-o', 'slow.tar', '--builder', 'farm'];
    const outcome = await shell.tool(args, { input, env: { PATH } });
    imageIdOf(outcome);
    expect(outcome.stderr).toContain('dockerception: waiting for BuildKit at builder farm\n');
  });

  it('whose container has its context in the address', async () => {
    const PATH = await pathWith('docker', `echo "$@" >docker-args; ${connected()}`);
    const args = [...outputOf('context'), '--builder', 'docker-container://buildkitd?context=east'];
    imageIdOf(await shell.tool(args, { input, env: { PATH } }));
    expect(await readFile(join(shell.folder, 'docker-args'), 'utf8')).toBe(
      '--context east exec -i buildkitd buildctl dial-stdio\n',
    );
  });
});

describe('of several builders', () => {
  const [first, second, third] = [1, 2, 3].map((port) => `tcp://127.0.0.1:${port}`) as [
    string,
    string,
    string,
  ];

  it.each([
    [['--builder', first], { BUILDX_BUILDER: second, BUILDKIT_HOST: third }, first],
    [['--builder', first], { BUILDX_BUILDER: 'default' }, first],
    [[], { BUILDX_BUILDER: second, BUILDKIT_HOST: third }, `${second} (BUILDX_BUILDER)`],
    [[], { BUILDX_BUILDER: '', BUILDKIT_HOST: third }, `${third} (BUILDKIT_HOST)`],
  ])('%j with %j is %s', async (args, env, chosen) => {
    const outcome = await shell.tool([...outputOf('none'), ...args], { input, env });
    expectFailure(outcome, 5, /connection refused/, /buildkitd/);
    expect(outcome.stderr).toContain(`reaching BuildKit at ${chosen}: `);
  });

  it.each([
    [['--builder', 'default'], { BUILDX_BUILDER: first, BUILDKIT_HOST: second }],
    [[], { BUILDX_BUILDER: 'default', BUILDKIT_HOST: second }],
  ])('%j with %j is the Docker Engine', async (args, env) => {
    const name = shell.name();
    imageIdOf(await shell.tool(['-q', '-t', name, ...args], { input, env }));
    expect(await tracesOf(variant.host, name)).toHaveLength(1);
  });

  it.each([[[]], [['--builder', 'default']]])(
    '%j names none for --engine buildkit',
    async (args) => {
      const outcome = await shell.tool([...outputOf('none'), '--engine', 'buildkit', ...args], {
        input,
      });
      expectFailure(outcome, 2, /the buildkit engine needs one/, /--builder NAME/);
    },
  );
});

describe('a program that connects', () => {
  it.each([
    [
      'has no buildx',
      'echo "docker: unknown command: docker buildx" >&2; exit 1',
      /builder \S+: the docker CLI on PATH has no buildx/,
      /docker CLI with buildx/,
    ],
    [
      'has no buildx, and is old',
      `echo "docker: 'buildx' is not a docker command." >&2; exit 1`,
      /the docker CLI on PATH has no buildx/,
      /docker CLI with buildx/,
    ],
    [
      'has no buildx, and reads its options first',
      `printf 'unknown flag: --builder\nUsage:  docker [OPTIONS] COMMAND [ARG...]\n' >&2; exit 125`,
      /the docker CLI on PATH has no buildx/,
      /docker CLI with buildx/,
    ],
    [
      'fails',
      'echo ERROR: no such pod >&2; exit 1',
      /docker ended with 1: ERROR: no such pod/,
      /docker buildx ls/,
    ],
    ['ends at once', 'exit 0', /docker ended with 0: it said nothing/, /docker buildx ls/],
    [
      'writes no HTTP/2',
      'echo Usage: docker; cat >/dev/null',
      /doesn’t answer as BuildKit does/,
      /docker buildx ls/,
    ],
    [
      'writes no HTTP/2, and ends',
      'echo Usage: docker',
      /doesn’t answer as BuildKit does|closed the connection/,
      /docker buildx ls/,
    ],
    ['writes a lot', 'exec cat /dev/zero', /doesn’t answer as BuildKit does/, /docker buildx ls/],
    ['is killed', 'kill -9 $$', /docker ended with SIGKILL/, /docker buildx ls/],
  ])('%s', async (_, script, why, hint) => {
    const env = { PATH: await pathWith('docker', script) };
    const outcome = await shell.tool([...outputOf('none'), '--builder', 'farm'], { input, env });
    expectFailure(outcome, 5, why, hint);
    expect(outcome.stderr).toContain('reaching BuildKit at builder farm: ');
    expect((await shell.run('ls none*')).stdout.toString()).toBe('');
  });

  it.each([
    ['docker', 'farm'],
    ['docker', 'docker-container://x'],
    ['kubectl', 'kube-pod://x'],
  ])('is missing: %s for %s', async (program, address) => {
    const outcome = await shell.tool([...outputOf('none'), '--builder', address], {
      input,
      env: { PATH: '/nowhere' },
    });
    expectFailure(
      outcome,
      5,
      new RegExp(`there is no ${program} on PATH`),
      /unix:\/\/ need neither/,
    );
  });

  it.each([
    ['docker', 'farm'],
    ['kubectl', 'kube-pod://x'],
  ])('hangs until it is interrupted: %s', async (program, address) => {
    const mark = shell.name();
    const env = {
      PATH: await pathWith(program, `: ${mark}; sh -c 'trap "" TERM; sleep 61; : ${mark}'`),
    };
    const tool = shell.start([process.execPath, BIN, '-o', 'none.tar', '--builder', address], {
      input,
      env,
    });
    await tool.says('waiting for BuildKit at ');
    expect(await processesOf(mark)).not.toEqual([]);
    tool.signal('SIGINT');
    const { code, stderr } = await tool.done;
    expect(stderr).toMatch(/\ndockerception: interrupted\n$/);
    expect(code).toBe(130);
    expect(await processesOf(mark)).toEqual([]);
  });
});

describe('an address', () => {
  it.each([
    'unix://relative.sock',
    'tcp://host',
    'tcp://:1234',
    'tcp://host:65536',
    'tcp://host:1/path',
    'tcp://::1:1234',
    'docker-container://',
    'docker-container://a b',
    'docker-container://-x',
    'docker-container://x?context=--host',
    'kube-pod://x?namespace=a;b',
    'podman-container://x',
    '--version',
    'a/b',
  ])('is refused: %s', async (address) => {
    const outcome = await shell.tool([...outputOf('none'), `--builder=${address}`], { input });
    expectFailure(outcome, 2, /reading the builder /, /kube-pod:\/\/NAME/);
  });

  it('has no secret in messages', async () => {
    for (const address of [
      'tcp://me:S3cret-planted@host:1',
      'tcp://S3cret-planted@host',
      'ftp://me:S3cret-planted@x',
    ]) {
      const outcome = await shell.tool([...outputOf('none'), '--builder', address], { input });
      expectFailure(outcome, 2, /reading the builder /);
      expect(outcome.stderr).not.toContain('S3cret');
    }
  });
});

describe('a builder of buildx', () => {
  // The program that connects learns of the second only when it writes.
  it.each([
    ['with unread bytes', false],
    ['while the upload waits', true],
  ])('that goes away %s leaves no process, and no file', async (_, isIdle) => {
    let isCut = false;
    const server = await serveBuildKit(variant.host, {
      onData(direction, bytes, { cut, end }) {
        if (direction !== 'in' || bytes < 1 << 20 || isCut) return;
        isCut = true;
        if (isIdle) end('out');
        setTimeout(cut, isIdle ? 1000 : 0);
      },
    });
    const name = shell.name();
    const made = `docker buildx create --name ${name} --driver remote ${server.address}`;
    expect(await shell.run(made, { litters: true })).toMatchObject({ code: 0 });
    try {
      const data = Buffer.alloc(4 << 20, 'x');
      const context = await create([
        { name: 'Dockerfile', content: `FROM ${engines.base}\nCOPY data /\n` },
        { name: 'data', content: data },
      ]);
      const outcome = await shell.tool([...outputOf('none'), '--builder', name], {
        input: context,
      });
      expectFailure(outcome, 5, new RegExp(`builder ${name} went away`), /buildkitd/);
      expect(isCut).toBe(true);
      expect((await shell.run('ls none*')).stdout.toString()).toBe('');
      expect(await processesOf(name)).toEqual([]);
    } finally {
      await server.close();
      await shell.run(`docker buildx rm ${name}`, { litters: true });
    }
  });
});
