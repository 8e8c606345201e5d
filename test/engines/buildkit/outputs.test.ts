/** The outputs of a build with a BuildKit, in every form, and the check before them. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, run } from '../engines.js';
import { expectFailure, imageIdOf, type Shell, tracesOf } from '../support.js';
import { create } from '../tar.js';
import { type RemoteBuildKit, serveBuildKit } from './bridge.js';
import { docker28 as variant, useBuildKit } from './docker28.js';

const { address: registry } = engines.registry;

/** The context of an image with a label, which BuildKit alone can build. */
function context(name: string, more = ''): Promise<Buffer> {
  const Dockerfile = `FROM ${engines.base}\nLABEL is=${name}\nCOPY data /data\nRUN echo ${name} >/x\n${more}`;
  return create([
    { name: 'Dockerfile', content: Dockerfile },
    { name: 'data', content: randomBytes(1000) },
  ]);
}

let shell: Shell;
let buildkit: RemoteBuildKit;
useBuildKit((opened) => ({ shell, buildkit } = opened));

const args = (...more: readonly string[]): string[] => [
  '-q',
  '--builder',
  buildkit.address,
  ...more,
];
/** Builds with this BuildKit, and with the engine that it belongs to. */
const ways: readonly [way: string, choose: () => string[]][] = [
  ['--builder', () => args()],
  ['the engine', () => ['-q']],
];
const json = async (name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(shell.folder, name), 'utf8')) as unknown;

describe('type=cacheonly', () => {
  it.each(ways)('fills the cache of %s, and writes nothing', async (_, choose) => {
    const app = shell.name();
    const input = await context(app);
    const cached = [...choose(), '-t', app, '-o', 'type=cacheonly'];
    const outcome = await shell.tool(cached, { input });
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout.toString()).toBe('');
    expect(await tracesOf(variant.host, app)).toEqual([]);
    const again = await shell.tool(
      [...choose().filter((arg) => arg !== '-q'), ...cached.slice(-2)],
      {
        input,
      },
    );
    expect(again.stderr).toMatch(/RUN echo[^]*CACHED[^]*built the cache from/);
  });

  it.each([
    [['-o', 'app.tar'], /-o: -o type=cacheonly builds no image/],
    [['--push', '-t', 'app'], /--push: -o type=cacheonly/],
    [['--load'], /--load: -o type=cacheonly/],
    [['--max-size', '1MB'], /--max-size: -o type=cacheonly/],
    [['--iidfile', 'id'], /-o type=cacheonly builds no image, and --iidfile needs one/],
    [['--engine', 'embedded'], /building with -o type=cacheonly: the embedded engine does not/],
  ])('is refused with %j', async (more, why) => {
    expectFailure(await shell.tool(['-o', 'type=cacheonly', ...more]), 2, why);
  });
});

describe('an image', () => {
  it('goes to archives, layouts, a registry and the engine at once, the same everywhere', async () => {
    const app = shell.name();
    const tag = `${registry}/${app}:1`;
    const places = ['-o', `${app}.tar`, '-o', `type=docker,dest=${app}-2.tar`];
    const layout = ['-o', `type=oci,tar=false,dest=${app}`];
    const more = ['--push', '--load', '--metadata-file', `${app}.json`, '--iidfile', `${app}.id`];
    const input = await context(app);
    const id = imageIdOf(
      await shell.tool(args('-t', tag, ...places, ...layout, ...more), { input }),
    );
    expect(await readFile(join(shell.folder, `${app}.id`), 'utf8')).toBe(id);
    const metadata = (await json(`${app}.json`)) as Record<string, string>;
    const digest = metadata['containerimage.digest'];
    expect(metadata).toMatchObject({ 'containerimage.config.digest': id, 'image.name': tag });
    expect((await run(engines.crane, ['digest', '--insecure', tag])).stdout.trim()).toBe(digest);
    for (const place of [`oci-archive:${app}.tar`, `oci-archive:${app}-2.tar`, `oci:${app}`]) {
      const read = await shell.run(`${engines.skopeo} inspect --format '{{.Digest}}' ${place}`);
      expect(read.stdout.toString(), read.stderr).toBe(`${digest}\n`);
    }
    const docker = await shell.run(`docker run --rm ${tag} cat /x`);
    expect(docker.stdout.toString(), docker.stderr).toBe(`${app}\n`);
    const older = `${engines.docker20.cli} -H ${engines.docker20.host}`;
    const loaded = await shell.run(`${older} load -qi ${app}.tar && ${older} rmi ${tag}`);
    expect(loaded.stdout.toString(), loaded.stderr).toContain(tag);
  });

  it('goes to standard output', async () => {
    const app = shell.name();
    const { code, stdout, stderr } = await shell.tool(args('-t', app, '-o', '-'), {
      input: await context(app),
    });
    expect(code, stderr).toBe(0);
    await shell.file('stdout.tar', stdout);
    const listed = await shell.run('tar -tf stdout.tar');
    expect(listed.stdout.toString()).toMatch(/^index\.json\nmanifest\.json\n/m);
  });

  it('has the attributes of its output', async () => {
    const app = shell.name();
    const attributes = `type=oci,tar=false,dest=${app},compression=zstd,force-compression=true`;
    // BuildKit exports a blob that it has in another compression as it is, unless it is forced.
    const gzipped = `type=oci,dest=${app}.tar,compression=gzip,force-compression=true`;
    const more = ['-o', `${attributes},annotation.one=two`, '-o', gzipped];
    imageIdOf(await shell.tool(args('-t', app, ...more), { input: await context(app) }));
    const manifest = `$(${engines.skopeo} inspect --raw oci:${app})`;
    const read = await shell.run(
      `echo "${manifest}"; ${engines.skopeo} inspect --raw oci-archive:${app}.tar`,
    );
    const [zstd, gzip] = read.stdout.toString().split(/\n(?=\{)/);
    expect(zstd).toMatch(/\+zstd[^]*"one": ?"two"|"one": ?"two"[^]*\+zstd/);
    expect(gzip).toMatch(/\+gzip/);
  });

  it('has several platforms', async () => {
    const app = shell.name();
    const platforms = ['--platform', 'linux/amd64,linux/arm64'];
    const input = await create([
      { name: 'Dockerfile', content: 'FROM scratch\nCOPY data /data\n' },
      { name: 'data', content: randomBytes(1000) },
    ]);
    const tag = `${registry}/${app}:1`;
    const given = args('-t', tag, '-o', `${app}.tar`, '--push', '--max-size', '1MB', ...platforms);
    const id = imageIdOf(await shell.tool(given, { input }));
    const { stdout } = await run(engines.crane, ['manifest', '--insecure', tag]);
    expect(stdout).toMatch(/"amd64"[^]*"arm64"/);
    expect((await run(engines.crane, ['digest', '--insecure', tag])).stdout.trim()).toBe(id);
    const docker = ['-o', `type=docker,dest=${app}-2.tar`, ...platforms];
    const refused = await shell.tool(args('-t', app, ...docker), { input });
    expectFailure(refused, 2, /one platform only/, /type=oci/);
  });
});

it('is checked after BuildKit has pushed it', async () => {
  const app = shell.name();
  const input = await context(app, 'RUN chmod 4755 /x\n');
  const tag = `${registry}/${app}`;
  const outcome = await shell.tool(args('-t', tag, '--push').slice(1), { input });
  expect(outcome.code, outcome.stderr).toBe(0);
  expect(outcome.stderr).toMatch(/warning: \/x runs as user 0/);
});

describe('a builder of several nodes', () => {
  it('refuses several platforms, and builds for one', async () => {
    const builder = shell.name();
    const add = `docker buildx create --driver remote --name ${builder}`;
    const second = await serveBuildKit(variant.host);
    try {
      const script = `${add} ${buildkit.address} && ${add} --append ${second.address}`;
      expect(await shell.run(script, { litters: true })).toMatchObject({ code: 0 });
      const app = shell.name();
      const given = ['-q', '--builder', builder, '-o', `${app}.tar`, '--platform'];
      const input = await context(app);
      const refused = await shell.tool([...given, 'linux/amd64,linux/arm64'], { input });
      expectFailure(refused, 2, /has 2 nodes/, /filter \| docker buildx build --builder /);
      imageIdOf(await shell.tool([...given, 'linux/amd64'], { input }));
    } finally {
      await shell.run(`docker buildx rm ${builder}`, { litters: true });
      await second.close();
    }
  });
});

describe('a file system', () => {
  it('goes to a folder and a tar', async () => {
    const app = shell.name();
    const outputs = ['-o', `type=local,dest=${app}`, '-o', `type=tar,dest=${app}.tar`];
    const given = args(...outputs);
    const input = await context(app, 'RUN ln -s x /link; chmod 750 /x\n');
    const { code, stderr } = await shell.tool(given, { input });
    expect(code, stderr).toBe(0);
    const listed = await shell.run(`cat ${app}/link && tar -xOf ${app}.tar x`);
    expect(listed.stdout.toString()).toBe(`${app}\n${app}\n`);
    expect((await stat(join(shell.folder, app, 'x'))).mode & 0o777).toBe(0o750);
  });

  it('is not written if a limit refuses the image', async () => {
    const app = shell.name();
    const outputs = ['-o', `type=local,dest=${app}`, '-o', `type=tar,dest=${app}.tar`];
    const outcome = await shell.tool(args(...outputs, '--max-size', '1kB'), {
      input: await context(app),
    });
    expectFailure(outcome, 6, /--max-size/);
    expect((await readdir(shell.folder)).filter((name) => name.includes(app))).toEqual([]);
  });
});

describe('the BuildKit of Docker 20.10', () => {
  let old: RemoteBuildKit;
  beforeAll(async () => {
    old = await serveBuildKit(engines.docker20.host);
  });
  afterAll(() => old.close());

  it('writes file systems, and no images', async () => {
    const app = shell.name();
    const to = (...outputs: string[]): string[] => ['-q', '--builder', old.address, ...outputs];
    const input = await context(app);
    const { code, stderr } = await shell.tool(to('-o', `type=local,dest=${app}`), { input });
    expect(code, stderr).toBe(0);
    expect(await readFile(join(shell.folder, app, 'x'), 'utf8')).toBe(`${app}\n`);
    const image = await shell.tool(to('-t', app, '-o', `${app}.tar`), { input });
    expectFailure(image, 2, /does not export type=docker/, /--engine docker/);
    const both = ['-o', `type=tar,dest=${app}.tar`, '-o', `type=local,dest=${app}-2`];
    expectFailure(await shell.tool(to(...both), { input }), 2, /only one form/, /v0\.13/);
    expect((await readdir(shell.folder)).filter((name) => name.includes(app))).toEqual([app]);
  });
});
