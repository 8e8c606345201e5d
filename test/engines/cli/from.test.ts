/** Builders on the command line: built, run, and gone again, whatever became of them. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectTo, engines, type Variant } from '../engines.js';
import { expectFailure, five, imageIdOf, openShell, program, type Shell } from '../support.js';

/** What an engine has beside images: containers, volumes without a name among them, networks. */
async function stockOf(host: string): Promise<readonly string[]> {
  const connection = await connectTo({ DOCKER_HOST: host });
  const ask = (path: string): Promise<unknown> => connection.json({ method: 'GET', path });
  const containers = (await ask('/containers/json?all=1')) as readonly { Id: string }[];
  const { Volumes } = (await ask('/volumes')) as { Volumes: readonly { Name: string }[] | null };
  const networks = (await ask('/networks')) as readonly { Name: string }[];
  return [
    ...containers.map(({ Id }) => Id),
    ...(Volumes ?? []).map(({ Name }) => Name),
    ...networks.map(({ Name }) => Name),
  ].sort();
}

/** A folder that is built as a builder, whose command is one for sh. */
async function folderOf(shell: Shell, name: string, command: string, line = name): Promise<string> {
  const folder = join(shell.folder, name);
  await mkdir(join(folder, 'out'), { recursive: true });
  const cmd = JSON.stringify(['sh', '-c', command]);
  const lines = [
    `FROM ${engines.base}`,
    'ARG GREETING=none',
    'ENV GREETING=$GREETING',
    'COPY out /out',
    'VOLUME /made',
    'WORKDIR /out',
    `CMD ${cmd}`,
  ];
  await writeFile(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
  await writeFile(join(folder, 'out/hello'), program(line), { mode: 0o755 });
  await writeFile(
    join(folder, 'out/Dockerfile'),
    'FROM scratch\nCOPY hello /hello\nENTRYPOINT ["/hello"]\n',
  );
  return folder;
}

describe.each(five)('a builder with $name', (variant: Variant) => {
  const { host } = variant;
  let shell: Shell;
  let before: readonly string[];
  beforeAll(async () => {
    shell = await openShell(variant);
    await folderOf(shell, 'builder', 'echo compiling >&2; tar -cf - .', 'from a builder');
    before = await stockOf(host);
  });
  afterAll(() => shell.close());

  const runs = async (app: string): Promise<string> => {
    const { code, stdout, stderr } = await shell.run(`docker run --rm ${app}`);
    expect(code, stderr).toBe(0);
    return stdout.toString();
  };

  it('is built, run and removed; its tar is built, too', async () => {
    const app = shell.name();
    const outcome = await shell.tool(['--from', 'builder', '-t', app]);
    imageIdOf(outcome);
    expect(outcome.stderr).toMatch(/^compiling$/m);
    expect(outcome.stderr).toMatch(/builder [\d.]+ MB, image [\d.]+ k?B, 1\/\d+ of it\n$/);
    expect(await runs(app)).toBe('from a builder\n');
    expect(await stockOf(host)).toEqual(before);
  });

  it('may come on standard input, as a link of a chain', async () => {
    const app = shell.name();
    const chain = `tar -C builder -c . | dockerception filter --from - | dockerception -t ${app}`;
    imageIdOf(await shell.run(chain));
    expect(await runs(app)).toBe('from a builder\n');
  });

  it('may make an archive, with no engine for it', async () => {
    const outcome = await shell.tool(['--from', 'builder', '-t', 'app', '-o', 'app.tar']);
    imageIdOf(outcome);
    const listing = await shell.run('tar -xOf app.tar manifest.json');
    expect(listing.stdout.toString()).toContain('app:latest');
  });

  it('is told how to run', async () => {
    await writeFile(join(shell.folder, 'host'), 'of the host\n');
    // Podman's user can't enter the folder.
    const mount = variant.podman ? '' : '--volume ./host:/host:ro';
    const script =
      'mkdir -p /tmp/x && cd /tmp/x && id -u > uid && pwd > dir && echo "$A $B $GREETING" > env && ' +
      '(cat /host || echo of the host) > host && tar -cf - uid env host';
    const outcome = await shell.run(
      [
        'A=1 dockerception filter --allow-no-dockerfile --from builder --env A --env B=2 --env NOT_THERE',
        `--builder-arg GREETING=hi --user 1234 --workdir /tmp ${mount} --entrypoint sh`,
        `-- -c '${script}' | tar -xOf -`,
      ].join(' '),
      { input: Buffer.alloc(0) },
    );
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout.toString()).toBe('1234\n1 2 hi\nof the host\n');
  });

  it('leaves artifacts, of volumes and links too', async () => {
    const command =
      'echo working; mkdir /made/sub; echo one > /made/one; echo two > /made/sub/two; ln -s one /made/link';
    await folderOf(shell, 'makes', command);
    const take = '--artifacts /made --artifacts /made/link:dir/ --artifacts /made/sub:.';
    const outcome = await shell.run(
      `dockerception filter --from makes ${take} --allow-no-dockerfile > made.tar`,
    );
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).toMatch(/^working$/m);
    const { stdout } = await shell.run('tar -tf made.tar | sort');
    const names = [
      'dir/link',
      'made/',
      'made/link',
      'made/one',
      'made/sub/',
      'made/sub/two',
      'two',
    ];
    expect(
      stdout
        .toString()
        .split('\n')
        .filter((name) => name !== './' && name !== ''),
    ).toEqual(names);
    const link = await shell.run('tar -xOf made.tar dir/link && tar -tvf made.tar made/link');
    expect(link.stdout.toString()).toMatch(/^one\nl.* made\/link -> one\n$/);
    expect(await stockOf(host)).toEqual(before);
  });

  it('need not have a shell, nor a tar, nor be run', async () => {
    await mkdir(join(shell.folder, 'bare'), { recursive: true });
    await writeFile(join(shell.folder, 'bare/hello'), program('bare'), { mode: 0o755 });
    await writeFile(join(shell.folder, 'bare/Dockerfile'), 'FROM scratch\nCOPY hello /bin/hello\n');
    const image = shell.name();
    imageIdOf(await shell.tool(['-t', image, 'bare', '--engine', 'docker']));
    const app = shell.name();
    const take = ['--from-image', image, '--artifacts', '/bin/hello', '--libs'];
    const made = ['--base', 'scratch', '-c', 'ENTRYPOINT ["/bin/hello"]', '-t', app];
    const outcome = await shell.tool([...take, ...made]);
    imageIdOf(outcome);
    expect(await runs(app)).toBe('bare\n');
  });

  it('is the context of the next one, with that one’s own files', async () => {
    await folderOf(shell, 'first', 'echo of the first > made; tar -cf - made Dockerfile');
    await mkdir(join(shell.folder, 'second'), { recursive: true });
    const lines = [
      `FROM ${engines.base}`,
      'COPY made own /out/',
      'WORKDIR /out',
      'CMD ["tar", "-c", "."]',
    ];
    await writeFile(join(shell.folder, 'second/Dockerfile'), `${lines.join('\n')}\n`);
    await writeFile(join(shell.folder, 'second/own'), 'of the second\n');
    const stages = '--from first --from second';
    const outcome = await shell.run(
      `dockerception filter ${stages} --allow-no-dockerfile | tar -xOf - ./made ./own`,
    );
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stdout.toString()).toBe('of the second\nof the first\n');
    await folderOf(shell, 'fails', 'tar -cf - .; exit 3');
    expectFailure(
      await shell.tool(['-q', '--from', 'fails', '--from', 'second', '-t', 'app']),
      4,
      /exited with 3/,
    );
    expect(await stockOf(host)).toEqual(before);
  });

  it('keeps its container, and its image a name, when asked', async () => {
    const [app, tag] = [shell.name(), shell.name()];
    const outcome = await shell.tool([
      '--from',
      'builder',
      '--builder-tag',
      tag,
      '--keep-builder',
      '-t',
      app,
    ]);
    imageIdOf(outcome);
    const id = /docker rm -v ([0-9a-f]{12})/.exec(outcome.stderr)?.[1] ?? '';
    expect((await stockOf(host)).some((one) => one.startsWith(id))).toBe(true);
    expect((await shell.run(`docker rm -v ${id} && docker image inspect ${tag}`)).code).toBe(0);
    expect(await stockOf(host)).toEqual(before);
  });

  const faults: readonly (readonly [string, string, number, RegExp])[] = [
    ['writes nothing', 'true', 3, /the output of .*: it is empty/],
    ['writes text', 'echo not a tar at all', 3, /starts with text, not with a tar/],
    ['writes text, and fails', 'echo no compiler; exit 3', 4, /exited with 3/],
    [
      'fails behind a whole tar',
      'tar -cf - .; echo why >&2; exit 9',
      4,
      /exited with 9; its last lines: why/,
    ],
    ['fails in the middle of a tar', 'tar -cf - . | head -c 700; exit 1', 4, /exited with 1/],
    ['ends in the middle of a tar', 'tar -cf - . | head -c 700', 3, /cut short/],
    ['isn’t there', 'exec /nowhere/compiler', 4, /not there, exit code 127/],
  ];

  it.each(faults)('builds nothing when it %s', async (_title, command, code, why) => {
    const app = shell.name();
    const args = ['-q', '--from', 'builder', '-t', app, '--', 'sh', '-c', command];
    expectFailure(await shell.tool(args), code, why);
    expect((await shell.run(`docker image inspect ${app}`)).code).not.toBe(0);
    expect(await stockOf(host)).toEqual(before);
  });

  it('is killed when it takes too long, whatever it does about it', async () => {
    const command = ['--', 'sh', '-c', 'trap "" TERM; sleep 60'];
    const outcome = await shell.tool([
      '-q',
      '--from',
      'builder',
      '--timeout',
      '1',
      '-t',
      'app',
      ...command,
    ]);
    expectFailure(outcome, 4, /still running after 1 s/, /--timeout/);
    expect(await stockOf(host)).toEqual(before);
  });

  it('has no terminal', async () => {
    const script = 'test -t 1 && exit 7; test -t 0 && exit 8; tar -cf - .';
    imageIdOf(
      await shell.tool(['--from', 'builder', '-t', shell.name(), '--', 'sh', '-c', script]),
    );
  });

  it('is killed from outside: that is its failure', async () => {
    const mark = shell.name();
    const script = `tar -cf - hello; echo begun-$((6*7)) >&2; sleep 60 # ${mark}`;
    const tool = shell.start([
      'dockerception',
      '--from',
      'builder',
      '-t',
      'app',
      '--',
      'sh',
      '-c',
      script,
    ]);
    await tool.says('begun-42');
    await shell.run(`docker kill $(docker ps -q --no-trunc --filter label=dockerception=builder)`);
    expectFailure(await tool.done, 4, /it was killed, exit code 137/);
    expect(await stockOf(host)).toEqual(before);
  });

  it.each([
    ['SIGINT', 130, /interrupted/],
    ['SIGTERM', 143, /terminated/],
  ] as const)('is removed on %s while it runs', async (signal, code, word) => {
    const script = 'tar -cf - hello; echo begun-$((6*7)) >&2; trap "" TERM INT; sleep 60';
    const tool = shell.start([
      'dockerception',
      '--from',
      'builder',
      '-t',
      'app',
      '--',
      'sh',
      '-c',
      script,
    ]);
    await tool.says('begun-42');
    tool.signal(signal);
    expectFailure(await tool.done, code, word);
    expect(await stockOf(host)).toEqual(before);
  });

  it('names the nearest of an artifact that isn’t there', async () => {
    const outcome = await shell.tool([
      'filter',
      '-q',
      '--from',
      'builder',
      '--artifacts',
      '/out/helo',
    ]);
    expectFailure(
      outcome,
      4,
      /taking \/out\/helo out of the builder: it is not there/,
      /\/out\/hello/,
    );
    expect(await stockOf(host)).toEqual(before);
  });
});

it('a builder without an engine is told so, and what needs none', async () => {
  const variant = five[0] as Variant;
  const shell = await openShell(variant);
  await folderOf(shell, 'builder', 'tar -c .');
  const env = { DOCKER_HOST: 'unix:///nowhere/engine.sock' };
  const outcome = await shell.tool(['--from', 'builder', '-t', 'app'], { env });
  expectFailure(outcome, 5, /running a builder: .*\/nowhere\/engine\.sock/, /-o app\.tar/);
  await shell.close();
});
