/** The options of a build, from the command line to what the engine made of them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, inspectImage } from '../engines.js';
import { expectFailure, five, imageIdOf, openShell, program, type Shell } from '../support.js';
import { create } from '../tar.js';

const FROM = `FROM ${engines.base}`;
const contextOf = (Dockerfile: string, name = 'Dockerfile'): Promise<Buffer> =>
  create([{ name, content: Dockerfile }]);

describe.each(five)('an option of a build with $name', ({ host, podman, buildkit, ...variant }) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell({ host, podman, buildkit, ...variant });
  });
  afterAll(() => shell.close());

  it('reaches the engine: file, names, arguments, labels, target, hosts, cache, progress; the ID and the metadata are written', async () => {
    const [app, other] = [shell.name(), `${engines.registry.address}/${shell.name()}:1.10`];
    const Dockerfile =
      `${FROM} AS wanted\nARG GIVEN=0\nARG FROM_ENV=0\nARG LEFT=default\nENV X="$GIVEN"\n` +
      'RUN echo "<$GIVEN> <$FROM_ENV> <$LEFT>" && grep db.example /etc/hosts\n' +
      `FROM scratch\nLABEL stage=unwanted\n`;
    const outcome = await shell.tool(
      [
        ...['-f', 'sub/My.Dockerfile', '-t', app, `--tag=${other}`, '--target', 'wanted'],
        ...['--build-arg', 'GIVEN=a b=c', '--build-arg=FROM_ENV', '--build-arg', 'LEFT'],
        ...['--label', 'one=1', '--label', 'two=b c="d" é', '--add-host', 'db.example:10.1.2.3'],
        ...['--no-cache', '--progress', 'plain', '--iidfile', 'id', '--metadata-file', 'meta.json'],
      ],
      {
        input: await contextOf(Dockerfile, 'sub/My.Dockerfile'),
        env: { FROM_ENV: 'from the environment' },
      },
    );
    const id = imageIdOf(outcome);
    expect(outcome.stderr).toContain('<a b=c> <from the environment> <default>');
    expect(outcome.stderr).toMatch(/10\.1\.2\.3\s+db\.example/);
    const labels = { one: '1', two: 'b c="d" é' };
    for (const name of [app, other, id]) {
      const image = await inspectImage(host, name);
      expect(id).toContain(image.Id.replace('sha256:', ''));
      expect(image.Config.Labels).toMatchObject(labels);
      expect(image.Config.Labels).not.toHaveProperty('stage');
    }
    expect(await readFile(join(shell.folder, 'id'), 'utf8')).toBe(id);
    const metadata = JSON.parse(await readFile(join(shell.folder, 'meta.json'), 'utf8')) as Record<
      string,
      string
    >;
    expect(metadata).toMatchObject({ 'image.name': expect.stringContaining(app) as string });
  });

  it('--progress rawjson writes lines of JSON, quiet and -q nothing, beside the ID', async () => {
    const app = shell.name();
    const input = await contextOf(`${FROM}\nRUN echo begun-$((6*7))\n`);
    const raw = await shell.tool(['--no-cache', '--progress', 'rawjson', '-t', app], { input });
    imageIdOf(raw);
    const lines = raw.stderr.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown).length).toBeGreaterThan(2);
    const logs = lines.flatMap(
      (line) => (JSON.parse(line) as { logs?: { data: string }[] }).logs ?? [],
    );
    const text = logs.map(({ data }) => data + Buffer.from(data, 'base64').toString()).join('');
    expect(text).toContain('begun-42');
    const quiet = [
      { args: ['--progress=quiet'] },
      { args: ['-q'] },
      { args: [], env: { BUILDKIT_PROGRESS: 'quiet' } },
    ];
    for (const { args, env = {} } of quiet) {
      const outcome = await shell.tool([...args, '-t', app], { input, env });
      imageIdOf(outcome);
      expect(outcome.stderr).toBe('');
    }
  });

  it('--platform decides for which machine, -q or not', async () => {
    const input = await contextOf('FROM scratch\nCOPY Dockerfile /\n');
    const args = ['-q', '--platform', 'linux/arm64', '-t', shell.name()];
    const id = imageIdOf(await shell.tool(args, { input }));
    expect((await inspectImage(host, id)).Architecture).toBe('arm64');
  });

  it('--network none is kept, or refused where the engine would ignore it', async () => {
    const input = await contextOf(
      `${FROM}\nRUN grep -c : /proc/net/dev | sed 's/^/interfaces: /'\n`,
    );
    const outcome = await shell.tool(['--network=none', '--no-cache', '-t', shell.name()], {
      input,
    });
    if (podman) {
      expectFailure(outcome, 2, /--network none/, /podman build --network none/);
    } else {
      imageIdOf(outcome);
      expect(outcome.stderr).toContain('interfaces: 1');
    }
  });

  it('--pull asks the registry', async () => {
    const base = `${engines.registry.address}/base`;
    const input = await contextOf(`FROM ${base}\nLABEL a=b\n`);
    imageIdOf(await shell.tool(['-q', '--pull', '-t', shell.name()], { input }));
    const gone = await contextOf(`FROM ${engines.registry.address}/no-such-image\n`);
    expectFailure(await shell.tool(['-q', '--pull'], { input: gone }), 1, /no-such-image/);
  });

  it('--base and -c build without a Dockerfile, which then isn’t in the image either', async () => {
    const app = shell.name();
    const input = await create([{ name: 'bin/hello', content: program('from a base') }]);
    const args = ['--base', engines.base, '-c', 'CMD ["/bin/hello"]', '-c', 'ENV A=1', '-t', app];
    imageIdOf(await shell.tool(args, { input }));
    const ran = await shell.run(
      `docker run --rm ${app} && docker run --rm ${app} ls / /.context 2>&1; docker run --rm ${app} env`,
    );
    expect(ran.stdout.toString()).toContain('from a base\n');
    expect(ran.stdout.toString()).toContain('A=1\n');
    expect(ran.stdout.toString()).not.toMatch(/^Dockerfile$/m);
    expect(ran.stdout.toString()).toMatch(/\.context: No such file/);
  });

  it('--add and edits change what is in the image', async () => {
    const app = shell.name();
    await shell.file('version', '1.2.3\n');
    const input = await create([
      { name: 'out/Dockerfile', content: `${FROM}\nCOPY . /app/\nRUN sleep 0\n` },
      { name: 'out/version', content: 'old\n' },
      { name: 'out/secret', content: 'secret\n' },
    ]);
    const args = [
      '--strip-components=1',
      '--exclude',
      'secret',
      '--add',
      'version',
      '--mode=a+rX,go-w',
    ];
    imageIdOf(await shell.tool([...args, '--mtime', '@86400', '-q', '-t', app], { input }));
    const { stdout } = await shell.run(
      `docker run --rm ${app} sh -c 'ls /app; cat /app/version; stat -c "%u:%g %a" /app/version'`,
    );
    expect(stdout.toString()).toBe('Dockerfile\nversion\n1.2.3\n0:0 644\n');
  });

  it('--iidfile of an earlier build is gone after a failed one', async () => {
    const file = await shell.file('stale', 'sha256:0');
    const input = await contextOf(`${FROM}\nRUN false\n`);
    expectFailure(await shell.tool(['-q', '--iidfile', file], { input }), 1, /building the image/);
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a wrong option', () => {
  const [variant] = five;
  if (variant === undefined) throw new Error('there are no engines');
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
  });
  afterAll(() => shell.close());

  it.each([
    [['--progress', 'bogus'], /bogus/],
    [['--tagg', 'x'], /--tagg/],
    [['-t', 'Not A Name'], /Not A Name/],
    [['--push'], /--push needs a name/],
    [['-o', 'type=bogus,dest=x'], /bogus/],
    [['--add-host', 'nothing'], /--add-host/],
    [['--platform', 'linux/arm64,linux/amd64'], /several platforms/],
    [['--file', '../Dockerfile'], /--file/],
    [['one', 'two'], /one context/],
    [['no-such-folder'], /no-such-folder/],
  ])('%j ends it with 2 before anything is built', async (args, why) => {
    const input = await contextOf('FROM scratch\nCOPY Dockerfile /\n');
    expectFailure(await shell.tool(args, { input }), 2, why);
  });

  it('--iidfile that can’t be written is told', async () => {
    const input = await contextOf('FROM scratch\nCOPY Dockerfile /\n');
    const outcome = await shell.tool(['-q', '--iidfile', 'no/such/folder/id'], { input });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(
      /^dockerception: writing --iidfile \S+: the folder .* is not there/,
    );
  });
});
