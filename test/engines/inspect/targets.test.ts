/** Images looked into where they are: engines, registries, archives of whoever writes them, pipes. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines, type Variant, variants } from '../engines.js';
import { succeeds } from '../samples/sample.js';
import { expectFailure, helloEntries, imageIdOf, openShell, type Shell } from '../support.js';
import { create } from '../tar.js';
import type { JsonInspection } from './listing.js';

/** One of each engine: how it builds makes no difference here. */
const each = variants.filter(({ buildkit, podman }) => buildkit || podman);

describe.each(each)('an image of $name', (variant: Variant) => {
  let shell: Shell;
  let app: string;
  let id: string;
  beforeAll(async () => {
    shell = await openShell(variant);
    app = shell.name();
    const outcome = await shell.tool(['-t', app], { input: await create(helloEntries('hello')) });
    id = imageIdOf(outcome);
    expect(outcome.stderr).not.toMatch(/warning|error/);
  });
  afterAll(() => shell.close());

  const inspected = async (script: string): Promise<JsonInspection> =>
    JSON.parse(await succeeds(shell.run(script))) as JsonInspection;

  it('is found by its name, by its ID, and on a pipe', async () => {
    const byName = await inspected(`dockerception inspect ${app} --json`);
    expect(byName).toMatchObject({ kind: 'image', files: 1 });
    expect(byName.image?.names).toEqual([expect.stringContaining(`/${app}:latest`)]);
    const byId = await inspected(`dockerception inspect ${id.slice(7, 19)} --json`);
    expect(byId.entries).toEqual(byName.entries);
    const piped = await inspected(`docker save ${app} | dockerception inspect - --json`);
    expect(piped.image).toEqual(byName.image);
    expect(piped.entries).toEqual(byName.entries);
    const text = await succeeds(shell.run(`dockerception inspect ${app}`));
    expect(text).toMatch(/COPY .*hello/);
    expect(text).not.toContain('\x1b');
  });

  it('is not there: neither is a file by that name', async () => {
    const outcome = await shell.tool(['inspect', 'there-is-none-of-that-name']);
    expectFailure(outcome, 2, /no such image/, /docker-image:\/\/there-is-none/);
  });
});

describe('other targets', () => {
  let shell: Shell;
  let app: string;
  const { registry, registryAuth, skopeo, crane } = engines;
  beforeAll(async () => {
    const [variant] = variants.filter(({ name }) => name === 'docker28 BuildKit');
    shell = await openShell(variant as Variant);
    await shell.file('context.tar', await create(helloEntries('hello')));
    app = `${registry.address}/${shell.name()}:1`;
    await succeeds(shell.run(`dockerception context.tar -t ${app} --push -o app.tar -q`));
  });
  afterAll(() => shell.close());

  const inspected = async (script: string): Promise<JsonInspection> =>
    JSON.parse(await succeeds(shell.run(script))) as JsonInspection;

  it('are the same in a registry, of which nothing is kept', async () => {
    const home = join(shell.folder, 'home');
    await mkdir(home);
    const pulled = await inspected(
      `HOME=${home} XDG_CACHE_HOME=${home} DOCKER_HOST=unix:///nowhere dockerception inspect docker-image://${app} --json`,
    );
    const local = await inspected('dockerception inspect app.tar --json');
    expect(pulled.entries).toEqual(local.entries);
    expect(pulled.image?.id).toBe(local.image?.id);
    expect(await readdir(home)).toEqual([]);
  });

  it('are told with the registry that refuses, and where credentials were looked for', async () => {
    const name = `docker-image://${registryAuth.address}/none`;
    expectFailure(await shell.tool(['inspect', name]), 5, /401|unauthorized|denied|refuse/i);
    const missing = await shell.tool(['inspect', `docker-image://${registry.address}/none:1`]);
    expectFailure(missing, 2, /none:1/);
    const gone = await shell.tool(['inspect', 'docker-image://127.0.0.1:9/none']);
    expectFailure(gone, 5, /127\.0\.0\.1:9/);
  });

  it('need an engine for an image’s name alone', async () => {
    const env = { DOCKER_HOST: 'unix:///nowhere/engine.sock' };
    const outcome = await shell.tool(['inspect', 'busybox:latest'], { env });
    expectFailure(outcome, 5, /nowhere\/engine\.sock/, /docker-image:\/\/busybox/);
    await succeeds(shell.tool(['inspect', 'app.tar'], { env }));
    await succeeds(shell.tool(['inspect', 'context.tar'], { env }));
  });

  it('are archives of skopeo and crane, a layout, what is compressed', async () => {
    const wanted = await inspected('dockerception inspect app.tar --json');
    const from = 'oci-archive:app.tar';
    for (const [make, target] of [
      [`${skopeo} copy -q ${from} docker-archive:skopeo.tar:app:1`, 'skopeo.tar'],
      [`${skopeo} copy -q ${from} oci-archive:oci.tar:app:1`, 'oci.tar'],
      [`${skopeo} copy -q ${from} oci:layout:app`, 'layout'],
      [`${skopeo} copy -q ${from} dir:transport`, 'transport'],
      ['true', 'dir:transport'],
      [`${crane} pull --insecure ${app} crane.tar`, 'crane.tar'],
      ['gzip -k < app.tar > app.tar.gz', 'app.tar.gz'],
      ['zstd -q < app.tar > app.tar.zst', 'app.tar.zst'],
      ['xz < app.tar > app.tar.xz', 'app.tar.xz'],
      ['true', 'oci-archive://app.tar'],
      ['true', 'docker-archive://skopeo.tar'],
      ['true', 'oci-layout://layout'],
    ] as const) {
      await succeeds(shell.run(make));
      const found = await inspected(`dockerception inspect ${target} --json`);
      expect(found.entries, target).toEqual(wanted.entries);
    }
  });

  it('are not a terminal, nor does a page go to one', async () => {
    const nothing = await shell.run(`script -qec 'dockerception inspect' /dev/null`);
    expect(nothing.code).toBe(2);
    expect(nothing.stdout.toString()).toMatch(/standard input: it is a terminal\r?\nhint:/);
    const page = await shell.run(`script -qec 'dockerception inspect app.tar --html -' /dev/null`);
    expect(page.code).toBe(2);
    expect(page.stdout.toString()).toMatch(/standard output is a terminal\r?\nhint:/);
    const view = await shell.run(
      `script -qec 'NO_COLOR= TERM=xterm dockerception inspect app.tar' /dev/null`,
    );
    expect(view.code).toBe(0);
    expect(view.stdout.toString()).toContain('\x1b[1m');
  });

  it('are a builder’s context, as it comes', async () => {
    const script = 'cat context.tar | dockerception inspect';
    const context = await inspected(`${script} --json`);
    expect(context).toMatchObject({ kind: 'context', files: 2 });
    expect(await succeeds(shell.run(`${script} - --cat Dockerfile`))).toMatch(/^FROM scratch\n/);
    await mkdir(join(shell.folder, 'folder'));
    await writeFile(join(shell.folder, 'folder/Dockerfile'), 'FROM scratch\n');
    const folder = await inspected('dockerception inspect folder --json');
    expect(folder).toMatchObject({ kind: 'context', files: 1 });
    const cut = await shell.run('head -c 700 context.tar | dockerception inspect');
    expectFailure(cut, 3, /cut short|ends inside/);
    const text = await shell.run('echo hello | dockerception inspect');
    expectFailure(text, 3, /text/);
  });
});
