/** Where an image of the embedded engine goes: files, streams, folders, engines, registries. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, inspectImage, listTags, run, variantOf } from '../engines.js';
import { BIN, expectFailure, helloEntries, imageIdOf, openShell, type Shell } from '../support.js';
import { create } from '../tar.js';

const LINE = 'hello from no engine';
/** An engine that isn't there. */
const NOWHERE = { DOCKER_HOST: 'unix:///no/such/engine.sock' };

describe('an image that no engine built', () => {
  let shell: Shell;
  let context: Buffer;
  let id: string;
  beforeAll(async () => {
    shell = await openShell(variantOf('docker28 BuildKit'));
    context = await create(helloEntries(LINE));
    id = imageIdOf(
      await shell.tool(['-q', '-t', 'app', '-o', 'first.tar'], { input: context, env: NOWHERE }),
    );
  });
  afterAll(() => shell.close());

  const json = async (path: string): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(join(shell.folder, path), 'utf8')) as Record<string, unknown>;

  it('is the same archive in a file and on standard output', async () => {
    const streamed = await shell.tool(['-q', '-t', 'app', '-o', '-'], {
      input: context,
      env: NOWHERE,
    });
    expect(streamed.code, streamed.stderr).toBe(0);
    expect(streamed.stdout.equals(await readFile(join(shell.folder, 'first.tar')))).toBe(true);
  });

  it('is a layout with the same image, which keeps its other images', async () => {
    for (const name of ['a:1', 'b:2']) {
      const args = ['-q', '-t', name, '-o', 'type=oci,tar=false,dest=layout'];
      expect(imageIdOf(await shell.tool(args, { input: context, env: NOWHERE }))).toBe(id);
    }
    const { manifests } = (await json('layout/index.json')) as { manifests: unknown[] };
    expect(manifests).toHaveLength(2);
    const config = await readFile(
      join(shell.folder, 'layout/blobs/sha256', id.replace('sha256:', '')),
      'utf8',
    );
    expect(JSON.parse(config)).toMatchObject({ config: { Entrypoint: ['/hello'] } });
  });

  it('is a file system as a tar or in a folder, and then there is no ID', async () => {
    const tar = await shell.tool(['-q', '-o', 'type=tar,dest=-'], { input: context, env: NOWHERE });
    await shell.file('fs.tar', tar.stdout);
    expect((await shell.run('tar -tf fs.tar')).stdout.toString()).toBe('hello\n');
    const folder = await shell.tool(['-o', 'type=local,dest=fs'], { input: context, env: NOWHERE });
    expect([folder.code, folder.stdout.toString()], folder.stderr).toEqual([0, '']);
    expect(folder.stderr).toMatch(/^built the file system from .*: files in fs$/m);
    expect((await shell.run('fs/hello')).stdout.toString()).toBe(`${LINE}\n`);
    const both = await shell.tool(['-q', '-o', 'type=local,dest=fs', '-o', 'both.tar'], {
      input: context,
      env: NOWHERE,
    });
    expect(imageIdOf(both)).toBe(id);
  });

  it('has a folder for each of several platforms', async () => {
    const platforms = 'linux/amd64,linux/arm64';
    const args = ['-q', '--platform', platforms, '-o', 'type=local,dest=multi', '-o', 'multi.tar'];
    imageIdOf(await shell.tool(args, { input: context, env: NOWHERE }));
    expect((await readdir(join(shell.folder, 'multi'))).sort()).toEqual([
      'linux_amd64',
      'linux_arm64',
    ]);
  });

  it('has its ID and what is known of it in files, as with buildx', async () => {
    const args = ['-q', '-t', 'app:1', '-t', 'localhost:5000/app', '-o', 'named.tar'];
    const files = ['--iidfile', 'id', '--metadata-file', 'metadata.json'];
    imageIdOf(await shell.tool([...args, ...files], { input: context, env: NOWHERE }));
    expect(await readFile(join(shell.folder, 'id'), 'utf8')).toBe(id);
    const metadata = await json('metadata.json');
    expect(metadata).toMatchObject({
      'containerimage.config.digest': id,
      'image.name': 'docker.io/library/app:1,localhost:5000/app:latest',
      'containerimage.descriptor': { digest: metadata['containerimage.digest'] },
    });
  });

  it('is pushed under each of its names', async () => {
    const names = ['1', '2'].map((tag) => `${engines.registry.address}/${shell.name()}:${tag}`);
    const args = ['-q', '--push', ...names.flatMap((name) => ['-t', name])];
    expect(imageIdOf(await shell.tool(args, { input: context, env: NOWHERE }))).toBe(id);
    for (const name of names)
      await run(engines.crane, ['validate', '--insecure', '--remote', name]);
    expect(await readdir(shell.folder)).not.toContain('app.tar');
  });

  it('is packed without the archive that is written beside its files', async () => {
    const project = join(shell.folder, 'project');
    await mkdir(project);
    await writeFile(join(project, 'Dockerfile'), 'FROM scratch\nCOPY . /\n');
    await writeFile(join(project, 'app'), 'app');
    const script = 'cd project && dockerception -q --engine embedded -t app .';
    const first = imageIdOf(await shell.run(script));
    expect(await readdir(project)).toContain('app.tar');
    expect(imageIdOf(await shell.run(script))).toBe(first);
    const other = `cd project && dockerception -q -o type=oci,tar=false,dest=out -o app.tar .`;
    expect(imageIdOf(await shell.run(other, { env: NOWHERE }))).toBe(first);
    expect(imageIdOf(await shell.run(other, { env: NOWHERE }))).toBe(first);
  });

  it('goes to a file with a warning if no engine is named and the default socket is missing', async () => {
    // A mount namespace whose /run has no socket, whatever runs on this machine.
    const script = (options: string): string =>
      `unshare --mount sh -c 'mount -t tmpfs none /run && exec dockerception ${options} -t team/app:1.10'`;
    const env = { DOCKER_HOST: undefined, HOME: shell.folder, XDG_RUNTIME_DIR: undefined };
    const warning =
      'dockerception: warning: no engine answers at unix:///var/run/docker.sock (default socket): ' +
      'the image goes to app-1.10.tar, and into no engine\n';
    const quiet = await shell.run(script('-q'), { input: context, env });
    expect([quiet.code, quiet.stdout.toString(), quiet.stderr]).toEqual([0, `${id}\n`, warning]);
    const outcome = await shell.run(script(''), { input: context, env });
    expect(imageIdOf(outcome)).toBe(id);
    expect(outcome.stderr).toContain(warning);
    expect(outcome.stderr).toMatch(
      /^built team\/app:1.10 from .*: 1 layer, \d+ B, archive in app-1.10.tar \([\d.]+ kB\); load it with: docker load < app-1.10.tar$/m,
    );
    expect((await stat(join(shell.folder, 'app-1.10.tar'))).size).toBeGreaterThan(1000);
  });

  it('is not written in place of an engine that was named and does not answer', async () => {
    for (const flag of ['-q', '--progress=plain']) {
      const outcome = await shell.tool([flag, '-t', 'stale'], { input: context, env: NOWHERE });
      expectFailure(outcome, 5, /reaching the engine at unix:\/\/\/no\/such/, /-o FILE/);
    }
    expect(await readdir(shell.folder)).not.toContain('stale.tar');
  });

  it('needs somewhere to go', async () => {
    const none = await shell.tool([], { input: context, env: NOWHERE });
    expectFailure(none, 5, /reaching the engine at unix:\/\/\/no\/such/, /-o FILE/);
    const embedded = await shell.tool(['--engine', 'embedded'], { input: context });
    expectFailure(embedded, 2, /keeps no images/, /-o FILE/);
    const load = await shell.tool(['--load', '-t', 'app'], { input: context, env: NOWHERE });
    expectFailure(load, 5, /reaching the engine at unix:\/\/\/no\/such/);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves nothing when %s comes in the middle', async (signal, code) => {
    const before = await readdir(shell.folder);
    // None of them is so large that its layer is written before.
    const content = Buffer.alloc(4 << 20, 'large');
    const large = Array.from({ length: 64 }, (_, index) => ({ name: `large/${index}`, content }));
    const Dockerfile = { name: 'Dockerfile', content: 'FROM scratch\nCOPY large /large\n' };
    const args = ['-t', 'app', '-o', 'stopped.tar', '--compression-level', '9'];
    const command = [process.execPath, BIN, ...args];
    const input = await create([Dockerfile, ...large]);
    const running = shell.start(command, { input, env: NOWHERE });
    await running.says('exporting layers');
    running.signal(signal);
    expect((await running.done).code).toBe(code);
    expect(await readdir(shell.folder)).toEqual(before);
  });

  it('doesn’t go to a terminal', async () => {
    const script = `script -qec 'dockerception -q -o - context.tar' /dev/null < /dev/null`;
    await shell.file('context.tar', context);
    const outcome = await shell.run(script, { env: NOWHERE });
    expect(outcome.stdout.toString()).toMatch(
      /standard output: it is a terminal\r\nhint: .*-o FILE/,
    );
    expect(outcome.code).toBe(2);
  });

  it('leaves nothing when it can’t be written', async () => {
    const before = await readdir(shell.folder);
    const missing = await shell.tool(['-q', '-o', 'no/such/app.tar'], { input: context });
    expectFailure(missing, 1, /writing no\/such\/app.tar: the folder it belongs into is not there/);
    const full = await shell.tool(['-q', '-o', '/dev/full'], { input: context });
    expectFailure(full, 1, /writing \/dev\/full: no space is left/);
    const gone = await shell.run('dockerception -q -o - | exec <&-', { input: context });
    expectFailure(gone, 1, /writing standard output: its reader has gone/);
    const outputs = ['-o', 'app.tar', '-o', 'type=local,dest=app', '-o', 'type=tar,dest=files.tar'];
    const args = ['-q', '--engine', 'embedded', '-t', '127.0.0.1:9/app', '--push', ...outputs];
    expectFailure(await shell.tool(args, { input: context }), 5, /pushing 127\.0\.0\.1:9/);
    expect(await readdir(shell.folder)).toEqual(before);
  });
});

describe('a Dockerfile with RUN and an image for a file', () => {
  let shell: Shell;
  let context: Buffer;
  beforeAll(async () => {
    shell = await openShell(variantOf('docker28 BuildKit'));
    const Dockerfile = `FROM ${engines.base}\nCOPY hello /hello\nRUN /hello > /said\n`;
    const [, hello] = helloEntries(LINE);
    context = await create([{ name: 'Dockerfile', content: Dockerfile }, hello as never]);
  });
  afterAll(() => shell.close());

  it('is built by the engine that answers', async () => {
    const app = shell.name();
    const outcome = await shell.tool(['-t', app, '-o', 'app.tar'], { input: context });
    imageIdOf(outcome);
    expect(outcome.stderr).toMatch(/Dockerfile:3: .*RUN: building with unix:/);
    const list = await shell.run('tar -xOf app.tar manifest.json');
    expect(list.stdout.toString()).toContain(app);
  });

  it('names the line and the engine that doesn’t answer', async () => {
    const outcome = await shell.tool(['-o', 'none.tar'], { input: context, env: NOWHERE });
    expectFailure(outcome, 5, /Dockerfile:3: .* unix:\/\/\/no\/such\/engine.sock \(DOCKER_HOST\)/);
    const embedded = await shell.tool(['-q', '--engine', 'embedded', '-o', 'none.tar'], {
      input: context,
    });
    expectFailure(embedded, 1, /Dockerfile:3: /, /--engine docker/);
    expect(await readdir(shell.folder)).not.toContain('none.tar');
  });

  it('says what the engine can’t write', async () => {
    const outcome = await shell.tool(['-q', '-o', 'type=local,dest=x'], { input: context });
    expectFailure(outcome, 2, /Dockerfile:3: .*writing type=local/);
  });
});

describe.each(['docker20 classic', 'docker28 BuildKit', 'podman', 'podmanRootless'])(
  'an image that is loaded into %s',
  (name) => {
    let shell: Shell;
    let context: Buffer;
    beforeAll(async () => {
      shell = await openShell(variantOf(name));
      context = await create(helloEntries(LINE));
    });
    afterAll(() => shell.close());

    it('runs there, under each of its names', async () => {
      const names = [shell.name(), `${shell.name()}:1.10`];
      const args = ['--engine', 'embedded', '--load', ...names.flatMap((tag) => ['-t', tag])];
      const outcome = await shell.tool(args, { input: context });
      imageIdOf(outcome);
      expect(outcome.stderr).toMatch(/^built .*, loaded$/m);
      const tags = await listTags(shell.variant.host);
      for (const tag of names) {
        expect(tags.filter((one) => one.includes(tag))).toHaveLength(1);
        expect((await inspectImage(shell.variant.host, tag)).Architecture).not.toBe('');
      }
      const ran = await shell.run(`docker run --rm ${names[1]}`, { litters: true });
      expect(ran.stdout.toString(), ran.stderr).toBe(`${LINE}\n`);
      expect(await readdir(shell.folder)).toEqual([]);
    });

    it('is loaded from the archive that was written', async () => {
      const app = shell.name();
      const script = `dockerception -q -t ${app} -o - | docker load >&2 && docker run --rm ${app}`;
      const outcome = await shell.run(script, { input: context, litters: true });
      expect(outcome.stdout.toString(), outcome.stderr).toBe(`${LINE}\n`);
    });
  },
);
