/** What the embedded engine builds upon and copies from: registries, build contexts, many platforms. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { engines, run, variantOf } from '../engines.js';
import { expectFailure, imageIdOf, openShell, type Outcome, type Shell } from '../support.js';
import { create } from '../tar.js';
import { type BaseImage, baseImage } from './differential/base-image.js';
import { configured, several } from './differential/bases.js';
import { dir, file, symlink } from './differential/entries.js';

const docker28 = variantOf('docker28 BuildKit');
const plain = engines.registry.address;
const { address: guarded, username, password } = engines.registryAuth;

let shell: Shell;
let env: Record<string, string>;
beforeAll(async () => {
  shell = await openShell(docker28);
  env = {
    XDG_CACHE_HOME: join(shell.folder, 'cache'),
    DOCKER_CONFIG: shell.folder,
    PATH: `${shell.folder}:${process.env['PATH']}`,
  };
});
beforeEach(() => writeFile(join(shell.folder, 'config.json'), '{}'));
afterAll(() => shell.close());

type Files = Readonly<Record<string, string>>;

/** Builds what is in `files`; the Dockerfile is one of them. */
async function build(args: readonly string[], files: Files): Promise<Outcome> {
  const entries = Object.entries(files).map(([name, content]) => ({ name, content }));
  return shell.tool(['--engine', 'embedded', '-q', ...args], {
    input: await create(entries),
    env,
  });
}

/** Builds the same and loads it into Docker; returns its name there. */
async function load(files: Files): Promise<string> {
  const name = shell.name();
  imageIdOf(await build(['-t', name, '-o', 'loaded.tar'], files));
  await docker(`docker load -i loaded.tar`);
  return name;
}

async function docker(script: string): Promise<string> {
  const { code, stdout, stderr } = await shell.run(script, { litters: true });
  expect(code, stderr).toBe(0);
  return stdout.toString();
}

/** The paths of the file system that is built. */
async function pathsOf(args: readonly string[], files: Files): Promise<string[]> {
  const built = await build([...args, '-o', 'type=tar,dest=fs.tar'], files);
  expect(built.code, built.stderr).toBe(0);
  return (await run('tar', ['-tf', join(shell.folder, 'fs.tar')])).stdout.trim().split('\n');
}

describe('a base', () => {
  let base: BaseImage;
  beforeAll(async () => {
    base = baseImage('shell', {
      layers: [
        [
          dir('usr'),
          dir('usr/bin', { mode: 0o711, uid: 3, gid: 4 }),
          symlink('bin', 'usr/bin'),
          file('usr/bin/busybox', await busybox(), { mode: 0o755 }),
          symlink('usr/bin/sh', 'busybox'),
          dir('tmp', { mode: 0o1777 }),
          dir('odd', { mode: 0o2750, uid: 7, gid: 8 }),
          symlink('outside', '../../../../beyond/deep'),
          symlink('absolute', '/absolute-target'),
          dir('etc'),
          file('etc/passwd', 'root:x:0:0::/:/bin/sh\nalice:x:1001:1002::/:/bin/sh\n'),
          file('etc/group', 'root:x:0:\nalice:x:1002:\n'),
        ],
      ],
      config: { Env: ['PATH=/bin'], Entrypoint: ['/bin/sh', '-c'] },
    });
    await base.push();
  });

  it('keeps its links, owners and modes, as a container and an export show', async () => {
    const name = await load({
      Dockerfile: [
        `FROM ${base.reference}`,
        'COPY app /bin/app',
        'COPY app /tmp/app',
        'COPY --chown=alice app /odd/app',
        'COPY app /outside/app',
        'COPY app /absolute/sub/app',
        'COPY app /made/by/us/app',
      ].join('\n'),
      app: 'the app',
    });
    const wanted = [
      '/bin 777 0:0 symbolic link',
      '/usr/bin 711 3:4 directory',
      '/usr/bin/app 755 0:0 regular file',
      '/tmp 1777 0:0 directory',
      '/tmp/app 755 0:0 regular file',
      '/odd 2750 7:8 directory',
      '/odd/app 755 1001:1002 regular file',
      '/outside 777 0:0 symbolic link',
      '/beyond/deep 755 0:0 directory',
      '/beyond/deep/app 755 0:0 regular file',
      '/absolute 777 0:0 symbolic link',
      '/absolute-target/sub/app 755 0:0 regular file',
      '/made/by/us 755 0:0 directory',
    ];
    const paths = wanted.map((line) => line.split(' ')[0]).join(' ');
    const stat = `busybox stat -c "%n %a %u:%g %F" ${paths}; busybox cat /bin/app`;
    const said = await docker(`docker run --rm --network none ${name} '${stat}'`);
    expect(said.split('\n')).toEqual([...wanted, 'the app']);
    const listed = await docker(
      `id=$(docker create ${name} true) && docker export $id | tar -tv --numeric-owner; docker rm $id >/dev/null`,
    );
    expect(listed).toMatch(/^lrwxrwxrwx 0\/0 .* bin -> usr\/bin$/m);
    expect(listed).toMatch(/^lrwxrwxrwx 0\/0 .* outside -> \.\.\/\.\.\/\.\.\/\.\.\/beyond\/deep$/m);
    expect(listed).toMatch(/^drwxrwxrwt 0\/0 .* tmp\/$/m);
    expect(listed).toMatch(/^drwxr-s--- 7\/8 .* odd\/$/m);
    expect(listed).toMatch(/^-rwxr-xr-x 0\/0 .* beyond\/deep\/app$/m);
  });

  it('hands its configuration on', async () => {
    await configured.push();
    const Dockerfile = `FROM ${configured.reference}\nENV R=2\nLABEL b=3\nEXPOSE 81\n`;
    const name = await load({ Dockerfile });
    const format = '{{json .Config}}';
    const config = JSON.parse(await docker(`docker inspect -f '${format}' ${name}`)) as object;
    expect(config).toMatchObject({
      User: '5:6',
      Env: expect.arrayContaining(['Q=1', 'R=2']) as string[],
      Entrypoint: ['/entry'],
      Cmd: ['cmd', 'two'],
      WorkingDir: '/home',
      Labels: { a: '1', b: '3' },
      ExposedPorts: { '80/tcp': {}, '81/tcp': {} },
      Volumes: { '/v': {} },
      StopSignal: 'SIGINT',
      Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000 },
      Shell: ['/bin/bash', '-c'],
    });
  });

  it('has its triggers carried out, but no RUN, whose line and hint are told', async () => {
    const triggering = (name: string, ...OnBuild: string[]): BaseImage =>
      baseImage(name, { layers: [[file('x')]], config: { OnBuild } });
    const good = triggering('onbuild-copy', 'COPY app /from-trigger');
    const bad = triggering('onbuild-run', 'COPY app /', 'RUN true');
    for (const one of [good, bad]) await one.push();
    const of = ({ reference }: BaseImage): Files => ({
      Dockerfile: `# a comment\nFROM ${reference}\n`,
      app: 'app',
    });
    expect(await pathsOf([], of(good))).toEqual(['from-trigger', 'x']);
    const refused = await build(['-o', 'refused.tar'], of(bad));
    expectFailure(refused, 1, /Dockerfile:2: .*RUN/, /^hint: .*--engine docker/);
  });

  it('is an index, of which each platform gets its own', async () => {
    await several.push();
    const Dockerfile = `FROM ${several.reference}\nARG TARGETARCH\nCOPY app-$TARGETARCH /app\n`;
    const name = `${plain}/${shell.name()}:1`;
    const args = ['--platform', 'linux/amd64,linux/arm64', '--push', '-t', name];
    imageIdOf(
      await build(args, { Dockerfile, 'app-amd64': 'for amd64', 'app-arm64': 'for arm64' }),
    );
    await run(engines.crane, ['validate', '--insecure', '--remote', name]);
    const crane = async (...more: string[]): Promise<string> =>
      (await run(engines.crane, ['--insecure', ...more, name])).stdout;
    const index = JSON.parse(await crane('manifest')) as { manifests: { platform: object }[] };
    expect(index.manifests.map(({ platform }) => platform)).toEqual([
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm64' },
    ]);
    for (const architecture of ['amd64', 'arm64']) {
      const platform = ['--platform', `linux/${architecture}`];
      const config = JSON.parse(await crane('config', ...platform)) as object;
      expect(config).toMatchObject({ architecture, config: { Env: [`PATH=/${architecture}`] } });
      const tar = join(shell.folder, `${architecture}.tar`);
      await run(engines.crane, ['export', '--insecure', ...platform, name, tar]);
      const { stdout } = await run('tar', ['-xOf', tar, 'app']);
      expect(stdout).toBe(`for ${architecture}`);
      expect((await run('tar', ['-xOf', tar, 'arch'])).stdout).toBe(architecture);
    }
  });
});

describe('a base in a registry that wants a login', () => {
  const Dockerfile = `FROM ${guarded}/base\nCOPY --from=${guarded}/base /bin/busybox /copied\n`;
  const configure = (config: object): Promise<void> =>
    writeFile(join(shell.folder, 'config.json'), JSON.stringify(config));
  const authOf = (secret: string): object => ({
    auth: Buffer.from(`${username}:${secret}`).toString('base64'),
  });
  // Nothing comes out of the cache.
  const pulled = (): Promise<Outcome> =>
    build(['-o', 'private.tar'], { Dockerfile }).finally(() =>
      run('rm', ['-rf', join(shell.folder, 'cache')]),
    );

  it('is pulled with the credentials of auths', async () => {
    await configure({ auths: { [guarded]: authOf(password) } });
    imageIdOf(await pulled());
  });

  it('is pulled with those of a helper, which is asked for that registry alone', async () => {
    const answer = JSON.stringify({ ServerURL: guarded, Username: username, Secret: password });
    const script = `#!/bin/sh\nread -r server\necho "$1 $server" >> '${shell.folder}/asked'\necho '${answer}'\n`;
    await writeFile(join(shell.folder, 'docker-credential-fake'), script, { mode: 0o755 });
    await configure({ auths: { 'other.example': {} }, credHelpers: { [guarded]: 'fake' } });
    imageIdOf(await pulled());
    const asked = await readFile(join(shell.folder, 'asked'), 'utf8');
    expect([...new Set(asked.trim().split('\n'))]).toEqual([`get ${guarded}`]);
  });

  it.each([
    ['other', { auths: { [guarded]: authOf('other') } }, 'with the credentials of', 'changes'],
    ['no', {}, 'no credentials in', 'adds'],
  ])('is refused with %s credentials, and where they were looked for is told', async (...row) => {
    const [, config, found, does] = row;
    await configure(config);
    const place = `${found} auths in ${shell.folder}/config.json`;
    const why = new RegExp(`Dockerfile:1: .*${guarded} denied access to base \\(401.*${place}`);
    expectFailure(await pulled(), 5, why, new RegExp(`docker login ${guarded}\` ${does}`));
  });
});

describe('a build context', () => {
  beforeAll(async () => {
    const at = (name: string): string => join(shell.folder, name);
    const { cli, host } = engines.docker20;
    await run(cli, ['-H', host, 'save', '-o', at('saved.tar'), engines.base]);
    for (const to of [`oci:${at('layout')}:v1`, `oci-archive:${at('archive.tar')}:v1`])
      await run(engines.skopeo, [
        '--insecure-policy',
        'copy',
        '-q',
        `docker-archive:${at('saved.tar')}`,
        to,
      ]);
    await mkdir(at('folder'));
    await writeFile(at('folder/inside'), 'of the folder');
  });

  it.each([
    'oci-layout://layout',
    'oci-layout://layout:v1',
    'oci-archive://archive.tar',
    'docker-archive://saved.tar',
    `docker-image://${plain}/base`,
  ])('of %s is a base, and is copied from', async (context) => {
    const paths = await pathsOf(['--build-context', `named=${context}`], {
      Dockerfile: 'FROM named\nCOPY --from=named /bin/busybox /copied\nCOPY app /app\n',
      app: 'app',
    });
    expect(paths).toEqual(expect.arrayContaining(['app', 'bin/sh', 'copied']));
  });

  it('of a folder is copied from, and is a base too, as if copied to scratch', async () => {
    const args = ['--build-context', 'named=folder'];
    const Dockerfile = 'FROM scratch\nCOPY --from=named . /\n';
    expect(await pathsOf(args, { Dockerfile })).toEqual(['inside']);
    const based = 'FROM named\nCOPY Dockerfile /\n';
    expect(await pathsOf(args, { Dockerfile: based })).toEqual(['Dockerfile', 'inside']);
    imageIdOf(await build([...args, '-o', 'based.tar'], { Dockerfile: based }));
    await run(engines.skopeo, ['inspect', `oci-archive:${join(shell.folder, 'based.tar')}`]);
    const manifest = await docker('tar -xOf based.tar manifest.json');
    expect((JSON.parse(manifest) as [{ Layers: string[] }])[0].Layers).toHaveLength(2);
  });

  it('hides a stage and an image of its name, however that is written', async () => {
    const Dockerfile = [
      'FROM scratch AS tools',
      'COPY Dockerfile /wrong',
      'FROM registry.invalid/base:latest',
      'COPY --from=tools / /',
    ].join('\n');
    const image = ['--build-context', 'registry.invalid/base=oci-layout://layout:v1'];
    const paths = await pathsOf(['--build-context', 'tools=folder', ...image], { Dockerfile });
    expect(paths).toEqual(expect.arrayContaining(['inside', 'bin/sh']));
    expect(paths).not.toContain('wrong');
  });

  it.each<[string, string, number, RegExp, RegExp | undefined]>([
    ['a tag that is not there', 'oci-layout://layout:v2', 2, /no image named v2/, /v1/],
    ['a file that is not there', 'oci-archive://none.tar', 2, /none\.tar/, undefined],
    [
      'a folder that is no layout',
      'oci-layout://folder',
      2,
      /folder: it is not a layout/,
      undefined,
    ],
    ['what can’t be fetched', 'https://127.0.0.1:1/x.git', 2, /can't fetch/, /--engine docker/],
  ])('of %s is refused', async (_, context, code, why, hint) => {
    const args = ['--build-context', `named=${context}`, '-o', 'refused.tar'];
    expectFailure(await build(args, { Dockerfile: 'FROM named\n' }), code, why, hint);
  });
});

/** A static program that is a shell, and more. */
async function busybox(): Promise<Buffer> {
  const script = 'tar -xOf "$0" layer.tar | tar -xOf - ./bin/busybox';
  const options = { encoding: 'buffer', maxBuffer: 1 << 26 } as const;
  return (await promisify(execFile)('sh', ['-c', script, engines.baseTar], options)).stdout;
}
