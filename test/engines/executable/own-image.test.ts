/** The tool's own image (samples/self): built by the tool, it builds images itself. */
import { copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsOf } from '../commands.js';
import { engines, variantOf } from '../engines.js';
import { expectClean, openSample, sizeOf, succeeds } from '../samples/sample.js';
import { expectFailure, helloEntries, imageIdOf, openShell, type Shell } from '../support.js';
import { create } from '../tar.js';
import { buildExecutables, executableOf } from './build.js';

/** Bytes. */
const MAX_SIZE = 60_000_000;
/** As a user runs it who trusts nothing. */
const CLOSED = 'docker run --rm -i --network none --read-only';

describe("the tool's own image", () => {
  let shell: Shell;
  let builder: string;
  let image: string;
  let hello: Buffer;
  beforeAll(async () => {
    buildExecutables('linux-x64');
    shell = await openSample('self', variantOf('docker28 BuildKit'));
    await copyFile(executableOf('linux-x64'), join(shell.folder, 'dockerception'));
    [builder, image] = [shell.name(), shell.name()];
    await succeeds(shell.run(`docker build -q -t ${builder} .`));
    await succeeds(shell.run(`docker run --rm ${builder} > self.tar`));
    imageIdOf(await shell.run(`dockerception -q -t ${image} < self.tar`));
    hello = await create(helloEntries('hello'));
  });
  afterAll(() => shell.close());

  it('is small, runs as another user than root, and has nothing that keeps it from starting', async () => {
    expect(await sizeOf(shell, image)).toBeLessThan(MAX_SIZE);
    const format = '{{.Config.User}} {{.Config.Entrypoint}}';
    const config = await succeeds(shell.run(`docker image inspect -f '${format}' ${image}`));
    expect(config).toBe('65532:65532 [/dockerception]\n');
    await expectClean(shell, image);
  });

  it('has the libraries that --libs finds', async () => {
    const found = shell.name();
    const artifact = '--artifacts /image/root/dockerception:/dockerception --libs --base scratch';
    imageIdOf(await shell.tool(['-q', '--from', '.', ...artifact.split(' '), '-t', found]));
    const names = async (name: string): Promise<string[]> => {
      const list = await succeeds(shell.tool(['inspect', '--list', name]));
      const files = [...list.matchAll(/^-.*\/(\S+)$/gm)].map((match) => match[1] ?? '');
      return files.map((file) => file.replace(/(\.so\.\d+).*/, '$1')).sort();
    };
    const libraries = await names(image);
    expect(libraries).toContain('libc.so.6');
    expect(await names(found)).toEqual(libraries);
  });

  it('builds the archive that the tool builds outside, without a network and a writable file system', async () => {
    const inside = await shell.run(`${CLOSED} ${image} -t app -o -`, { input: hello });
    expect(inside.code, inside.stderr).toBe(0);
    expect(inside.stderr).not.toMatch(/warning|notice|error/);
    const outside = await shell.tool(['-t', 'app', '-o', '-'], { input: hello });
    expect(inside.stdout.equals(outside.stdout)).toBe(true);
    const app = shell.name();
    const load = `${CLOSED} ${image} -q -t ${app} -o - | docker load -q && docker run --rm ${app}`;
    expect(await succeeds(shell.run(load, { input: hello }))).toMatch(/\nhello\n$/);
  });

  it('builds itself, and needs a folder for temporary files for that', async () => {
    await succeeds(shell.run(`${CLOSED} --tmpfs /tmp ${image} -t app -o - < self.tar > app.tar`));
    await succeeds(shell.run('dockerception -t app -o outside.tar < self.tar'));
    await succeeds(shell.run('cmp app.tar outside.tar'));
    expect((await stat(join(shell.folder, 'app.tar'))).size).toBeLessThan(MAX_SIZE);
    const without = await shell.run(`${CLOSED} ${image} -t app -o - < self.tar`);
    expectFailure(without, 1, /writing a temporary file in \/tmp: .*read-only/, /--tmpfs \/tmp/);
  });

  it('filters and inspects', async () => {
    const filtered = await shell.run(`${CLOSED} ${image} filter --owner 5:6 | tar -tv`, {
      input: hello,
    });
    expect(await succeeds(Promise.resolve(filtered))).toMatch(/ 5\/6 .* Dockerfile\n/);
    const list = await shell.run(`${CLOSED} ${image} inspect --list -`, { input: hello });
    expect(await succeeds(Promise.resolve(list))).toMatch(/hello\n/);
  });

  it('ends with exit code 3, and writes nothing, for a stream that is cut short', async () => {
    const input = hello.subarray(0, -1024);
    const outcome = await shell.run(`${CLOSED} ${image} -t app -o -`, { input });
    expectFailure(outcome, 3, /reading standard input: it is cut short/);
  });

  it('ends when it is stopped, as the first process of its container', async () => {
    const container = shell.name();
    const running = shell.start(
      ['sh', '-c', `${CLOSED} --name ${container} ${image} -t app -o -`],
      { input: undefined },
    );
    running.stdin.write(hello.subarray(0, 512));
    const isUp = `until docker ps -q --filter name=${container} | grep -q .; do sleep 0.1; done`;
    await succeeds(shell.run(`${isUp}; docker kill -s TERM ${container}`));
    const { code, stdout } = await running.done;
    expect(code).toBe(143);
    expect(stdout.length).toBe(0);
  });

  it('runs on Engine 20.10', async () => {
    const old = await openShell(variantOf('docker20 classic'));
    try {
      const copy = old.name();
      const context = join(shell.folder, 'self.tar');
      await succeeds(old.run(`dockerception -q -t ${copy} -o - < ${context} | docker load -q`));
      const inside = await old.run(`${CLOSED} ${copy} -t app -o -`, { input: hello });
      const outside = await shell.tool(['-t', 'app', '-o', '-'], { input: hello });
      expect(inside.stdout.equals(outside.stdout), inside.stderr).toBe(true);
    } finally {
      await old.close();
    }
  });

  it('pushes to a registry, also as a user without a name and a home', async () => {
    const reference = `localhost:${engines.registry.address.split(':')[1]}/${shell.name()}`;
    const run = `docker run --rm -i --network host --read-only --user 1234 -e HOME= ${image}`;
    const pushed = await shell.run(`${run} -q -t ${reference} --push`, { input: hello });
    const outside = await shell.tool(['-q', '-t', 'app', '-o', 'app.tar'], { input: hello });
    expect(imageIdOf(pushed)).toBe(imageIdOf(outside));
  });
});

it('is used as the README shows it', async () => {
  const isOfImage = (text: string): boolean => text.includes('| docker run ');
  const shown = (await commandsOf('README.md')).map(({ text }) => text).filter(isOfImage);
  expect(shown).not.toEqual([]);
  // These are run in samples/patterns.test.ts.
  const run = (await commandsOf('docs/patterns/self.md')).map(({ text }) => text);
  expect(run).toEqual(expect.arrayContaining(shown));
});
