/** Builders that succeed, on every engine: where they come from, how they are run, what they hand on. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, inspectImage, listLabelled, variantOf } from '../engines.js';
import { five, imageIdOf, type Running, type Shell } from '../support.js';
import {
  act,
  buildersOf,
  expectNothingLeft,
  folderOf,
  good,
  imageOf,
  networksOf,
  openOpenShell,
  printed,
  runs,
  three,
  two,
  until,
} from './support.js';

describe.concurrent.each(five)('a builder with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
  });
  afterAll(() => shell.close());

  it('is built from a folder, and the summary tells both sizes', async () => {
    const app = shell.name();
    await folderOf(shell, 'folder', app, 'echo compiling >&2; tar -c .');
    const outcome = await shell.tool(['--from', 'folder', '-t', app]);
    imageIdOf(outcome);
    expect(outcome.stderr).toMatch(/^compiling$/m);
    // Steps of both builds, none of which is taken for another.
    expect(outcome.stderr).toMatch(/^#\d+ \[.*\] COPY context \/context$/m);
    expect(outcome.stderr).toMatch(/^#\d+ \[.*\] COPY hello \/hello$/m);
    expect(outcome.stderr).not.toMatch(/ --->$/m);
    const summary = outcome.stderr.trimEnd().split('\n').at(-1) ?? '';
    const sizes = /: builder (\d\.\d) MB, image ([\d.]+) (k?B), 1\/(\d+) of it$/.exec(summary);
    expect(sizes, summary).not.toBeNull();
    const [builder, runtime] = [Number(sizes?.[1]) * 1e6, Number(sizes?.[2])];
    const ratio = builder / (runtime * (sizes?.[3] === 'kB' ? 1000 : 1));
    expect(Number(sizes?.[4]) / ratio).toBeGreaterThan(0.9);
    expect(Number(sizes?.[4]) / ratio).toBeLessThan(1.1);
    expect(await printed(shell, app)).toBe(`${app}\n`);
    expect(await buildersOf(host, app)).toEqual([]);
    // Elsewhere it is the cache.
    if (variant.buildkit) expect(await listLabelled(host, `builder=${app}`)).toEqual([]);
  });
});

describe.concurrent.each(three)('a builder with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  let networks: readonly string[];
  /** An image that everything that needs no folder is run from. */
  let image: string;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
    networks = await networksOf(host);
    image = await imageOf(shell);
  });
  afterAll(async () => {
    expect(await networksOf(host)).toEqual(networks);
    await shell.close();
  });

  it('is an image; its tar is filtered, and built into an archive without the engine', async () => {
    const listing = await shell.run(
      `dockerception filter --from-image ${image} --owner 7:8 | tar --numeric-owner -tv`,
    );
    expect(good(listing)).toMatch(/^-rwxr-xr-x 7\/8 .* \.\/hello$/m);
    const app = shell.name();
    const archive = await shell.tool(['--from-image', image, '-t', app, '-o', `${app}.tar`]);
    const id = imageIdOf(archive);
    expect(archive.stderr).toMatch(/builder [\d.]+ MB, image [\d.]+ k?B, 1\/\d+ of it/);
    const loaded = good(await shell.run(`tar -xOf ${app}.tar manifest.json`));
    expect(loaded).toContain(id.slice('sha256:'.length));
    expect(loaded).toContain(`/${app}:latest"`);
  });

  it('is run as docker run would', async () => {
    await mkdir(join(shell.folder, 'in'), { recursive: true });
    await writeFile(join(shell.folder, 'in/host'), 'of the host\n', { mode: 0o644 });
    const script =
      '(id -u; id -g; pwd; echo "$A|$B|${C-none}|$D"; cat /in/host; echo x 2>/dev/null >/in/new || echo read-only) >/tmp/all; cd /tmp; tar -c all';
    const outcome = await shell.run(
      [
        `dockerception filter --allow-no-dockerfile --from-image ${image} --env A=1 --env B --env C`,
        '--env D=x=y --user 1234:567 --workdir /tmp --volume ./in:/in:ro --entrypoint sh',
        `-- -c '${script}' | tar -xO all`,
      ].join(' '),
      { env: { B: 'of here', C: undefined } },
    );
    expect(good(outcome)).toBe('1234\n567\n/tmp\n1|of here|none|x=y\nof the host\nread-only\n');
  });

  it('has no terminal, and nothing on standard input', async () => {
    const script = 'test -t 0 && exit 7; test -t 1 && exit 8; test -t 2 && exit 9; cat; tar -c .';
    const args = ['filter', '--from-image', image, '--', 'sh', '-c', script];
    const outcome = await shell.tool(args);
    expect(outcome.code, outcome.stderr).toBe(0);
  });

  it('says what it does as it does it', async () => {
    await mkdir(join(shell.folder, 'gate'), { recursive: true, mode: 0o777 });
    const script = 'printf "begun-%d" 42 >&2; until [ -e /gate/go ]; do sleep 0.1; done; tar -c .';
    const args = ['--from-image', image, '--volume', './gate:/gate', '--', 'sh', '-c', script];
    const tool = shell.start(['dockerception', 'filter', ...args]);
    // Not even its line has ended, and the builder waits for us.
    await tool.says('begun-42');
    await writeFile(join(shell.folder, 'gate/go'), '');
    const { code, stderr } = await tool.done;
    expect(code, stderr).toBe(0);
  });

  it('is built as its own options say, and named', async () => {
    const [app, tag] = [shell.name(), shell.name()];
    const folder = await folderOf(shell, 'options', app, 'false');
    await writeFile(
      join(folder, 'Other'),
      [
        `FROM ${engines.base} AS tools`,
        `LABEL builder=${app}`,
        'ARG GREETING=none',
        'ARG FROM_HERE=none',
        'ENV SAYS="$GREETING $FROM_HERE"',
        'COPY context /context',
        'WORKDIR /context',
        'CMD echo "it says $SAYS" >&2; tar -c .',
        'FROM scratch',
        'COPY no-such-file /',
      ].join('\n'),
    );
    const named = ['--builder-file', 'Other', '--builder-target', 'tools', '--builder-tag', tag];
    const variables = ['--builder-arg', 'GREETING=hello', '--builder-arg', 'FROM_HERE'];
    const outcome = await shell.tool(['--from', folder, ...named, ...variables, '-t', app], {
      env: { FROM_HERE: 'there' },
    });
    imageIdOf(outcome);
    expect(outcome.stderr).toMatch(/^it says hello there$/m);
    const others = ['--from', folder, ...named, '--builder-arg', 'GREETING=bye', '-t', app];
    expect((await shell.tool(others)).stderr).toMatch(/^it says bye none$/m);
    expect((await shell.tool(['--from', folder, ...named, '-t', app])).stderr).toMatch(
      /^it says none none$/m,
    );
    expect((await inspectImage(host, tag)).Config.Labels).toMatchObject({ builder: app });
    expect(await buildersOf(host, app)).toEqual([]);
  });

  it('is kept when asked, until it is removed by hand', async () => {
    const app = shell.name();
    const keep = ['--from-image', image, '--keep-builder', '-t', app];
    const outcome = await shell.tool([...keep, ...runs(app, 'tar -c .')]);
    imageIdOf(outcome);
    const kept = await buildersOf(host, app);
    expect(kept).toHaveLength(1);
    const id = /is kept: docker rm -v ([0-9a-f]{12})$/m.exec(outcome.stderr)?.[1];
    expect(kept[0]?.slice(0, 12)).toBe(id);
    good(await shell.run(`docker rm -v ${id}`));
    expect(await buildersOf(host, app)).toEqual([]);
  });

  it('is the context of the next one, beside that one’s own files', async () => {
    const app = shell.name();
    await folderOf(shell, 'first', app, 'echo of the first > made; tar -c made Dockerfile');
    const lines = [
      `FROM ${engines.base}`,
      `LABEL builder=${app}`,
      'COPY made own /out/',
      'WORKDIR /out',
      'CMD ["tar", "-c", "."]',
    ];
    await mkdir(join(shell.folder, 'second'));
    await writeFile(join(shell.folder, 'second/Dockerfile'), `${lines.join('\n')}\n`);
    await writeFile(join(shell.folder, 'second/own'), 'of the second\n');
    const stages = '--from first --from second --allow-no-dockerfile';
    const made = await shell.run(`dockerception filter ${stages} | tar -xO ./made ./own | sort`);
    expect(good(made)).toBe('of the first\nof the second\n');
    expect(await buildersOf(host, app)).toEqual([]);
  });
});

describe.concurrent.each(two)('builders with $name', (variant) => {
  const { host } = variant;
  let shell: Shell;
  let image: string;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
    image = await imageOf(shell);
  });
  afterAll(() => shell.close());

  it('come on standard input, in a chain of tars', async () => {
    const app = shell.name();
    const folder = await folderOf(shell, 'chained', app, 'tar -c .');
    const chain = `tar -C ${folder} -c . | dockerception filter --from - | dockerception -t ${app}`;
    imageIdOf(await shell.run(chain));
    expect(await printed(shell, app)).toBe(`${app}\n`);
    expect(await buildersOf(host, app)).toEqual([]);
  });

  it('hand a tar to the next one, which may have nothing else', async () => {
    const app = shell.name();
    const second = [
      `FROM ${engines.base}`,
      `LABEL builder=${app}`,
      'COPY . /context',
      'WORKDIR /context',
      'CMD ["sh","-c","cp Runtime Dockerfile && tar -c Dockerfile hello"]',
    ];
    const runtime = `FROM scratch\nCOPY hello /hello\nENTRYPOINT ["/hello"]\n`;
    const files = { 'context/Dockerfile': second.join('\n'), 'context/Runtime': runtime };
    await folderOf(shell, 'a', app, 'tar -c .', { files });
    imageIdOf(await shell.tool(['--from', 'a', '--from', '-', '-t', app]));
    expect(await printed(shell, app)).toBe(`${app}\n`);
    expect(await buildersOf(host, app)).toEqual([]);
  });

  it('come on standard input, and each of the next from the one before', async () => {
    const app = shell.name();
    const next = (rest: string): string =>
      [
        `FROM ${engines.base}`,
        `LABEL builder=${app}`,
        'COPY . /context',
        'WORKDIR /context',
        `CMD ["sh","-c","mv Next Dockerfile; ${rest}"]`,
      ].join('\n');
    const runtime = 'FROM scratch\nCOPY hello /hello\nENTRYPOINT ["/hello"]\n';
    const files = {
      'context/Dockerfile': next('mv Last Next; tar -c .'),
      'context/Next': next('tar -c Dockerfile hello'),
      'context/Last': runtime,
    };
    const folder = await folderOf(shell, `dashes-${app}`, app, 'tar -c .', { files });
    const three = '--from - --from - --from -';
    imageIdOf(await shell.run(`tar -C ${folder} -c . | dockerception ${three} -t ${app}`));
    expect(await printed(shell, app)).toBe(`${app}\n`);
    expect(await buildersOf(host, app)).toEqual([]);
  });

  it('do not get in the way of one another', async () => {
    const names = [shell.name(), shell.name()];
    const tools = names.map((app) =>
      shell.start([
        ...['dockerception', '--from-image', image, '-t', app],
        ...runs(app, 'echo begun >&2; sleep 1; tar -c .'),
      ]),
    );
    for (const { done } of tools) imageIdOf(await done);
    for (const app of names) {
      expect(await printed(shell, app)).toBe(`${image}\n`);
      expect(await buildersOf(host, app)).toEqual([]);
    }
  });

  it('leave nothing of one that is stopped beside one that goes on', async () => {
    const [stopped, goes] = [shell.name(), shell.name()];
    const [one, other] = [stopped, goes].map((app) =>
      shell.start([
        ...['dockerception', '--from-image', image, '-t', app],
        ...runs(app, 'echo begun >&2; sleep 2; tar -c .'),
      ]),
    ) as [Running, Running];
    await Promise.all([one.says('begun'), other.says('begun')]);
    one.signal('SIGINT');
    expect((await one.done).code).toBe(130);
    imageIdOf(await other.done);
    await expectNothingLeft(variant, stopped);
  });

  it('that somebody else removes when they have ended are no fault of their tar', async () => {
    const app = shell.name();
    const runtime = ['--base', engines.base, '-c', `RUN echo at-$((6*7)) ${app}; sleep 2`];
    const tool = shell.start([
      ...['dockerception', '--from-image', image, '--exclude', 'Dockerfile', ...runtime, '-t', app],
      ...runs(app, 'tar -c .'),
    ]);
    await tool.says('at-42');
    const [id] = await until(
      () => buildersOf(host, `/vol/${app}`),
      ({ length }) => length > 0,
    );
    await act(host, 'DELETE', `${id}?force=1&v=1`);
    const outcome = await tool.done;
    expect(outcome.code, outcome.stderr).toBe(0);
    expect(outcome.stderr).not.toMatch(/removes it/);
  });
});

/** Where the builder's image goes with its container. */
const buildkits = ['docker20 BuildKit', 'docker28 BuildKit'].map(variantOf);

describe.each(buildkits)('the same folder with $name', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openOpenShell(variant);
  });
  afterAll(() => shell.close());

  it('is the builder of several at once, none of which takes away another one’s image', async () => {
    const mark = shell.name();
    await folderOf(shell, 'shared', mark, 'tar -c .');
    // Side by side, but not in step: one may have its image built when another one removes its own.
    const rounds = async (phase: number): Promise<void> => {
      await sleep(phase * 150);
      for (let round = 0; round < 5; round++)
        good(await shell.tool(['filter', '-q', '--from', 'shared']));
    };
    await Promise.all([0, 1, 2, 3].map(rounds));
    await expectNothingLeft(variant, mark);
  });

  it('leaves an image that was there before, with a name or without', async () => {
    const [mark, name] = [shell.name(), shell.name()];
    const folder = await folderOf(shell, `before-${mark}`, mark, 'tar -c .');
    imageIdOf(await shell.tool(['-q', '--engine', 'docker', '-t', name, folder]));
    const there = await listLabelled(variant.host, `builder=${mark}`);
    good(await shell.tool(['filter', '--from', folder]));
    expect(await listLabelled(variant.host, `builder=${mark}`)).toEqual(there);
    imageIdOf(await shell.tool(['-q', '--from', folder, '--builder-tag', name, '-t', mark]));
    good(await shell.run(`docker image inspect ${name}`));
  });
});
