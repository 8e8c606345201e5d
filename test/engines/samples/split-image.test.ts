/** samples/split-image: sources mounted into the builder, artifacts taken out of it. */
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageIdOf, type Shell } from '../support.js';
import { expectClean, openSample, succeeds, two } from './sample.js';

describe.each(two)('the split-image sample, with $name', (variant) => {
  let shell: Shell;
  let builder: string;
  beforeAll(async () => {
    shell = await openSample('split-image', variant);
    builder = shell.name();
    await succeeds(shell.run(`docker build -q -t ${builder} build/`));
  });
  afterAll(() => shell.close());

  /** When each object file was made. */
  const objects = async (): Promise<Record<string, number>> => {
    const folder = join(shell.folder, 'build/src/.objects');
    const names = (await readdir(folder)).sort();
    const made = names.map(async (name) => [name, (await stat(join(folder, name))).mtimeMs]);
    return Object.fromEntries((await Promise.all(made)) as [string, number][]);
  };

  /** As in the article. */
  const inThreeCommands = async (app: string): Promise<void> => {
    const volumes = '-v "$PWD/build/src:/src" -v "$PWD/run/artifacts:/artifacts"';
    await succeeds(shell.run(`docker run --rm ${volumes} ${builder}`));
    imageIdOf(await shell.run(`dockerception -t ${app} run/`));
  };

  const inOne = async (app: string): Promise<void> => {
    const from = '--from build/ --volume "$PWD/build/src:/src" --artifacts /artifacts --add run/:.';
    imageIdOf(await shell.run(`dockerception ${from} -t ${app}`));
  };

  const build = async (app: string, how: (app: string) => Promise<void>): Promise<string> => {
    await how(app);
    return succeeds(shell.run(`docker run --rm ${app}`));
  };

  it.each([
    ['three commands', inThreeCommands],
    ['one command', inOne],
  ])('compiles what changed alone the second time, in %s', async (_title, how) => {
    const app = shell.name();
    // What another way of building has left.
    for (const made of ['build/src/.objects', 'run/artifacts'])
      await rm(join(shell.folder, made), { recursive: true, force: true });
    expect(await build(app, how)).toBe('Hello, world\n');
    const first = await objects();
    expect(Object.keys(first)).toEqual(['greeting.o', 'main.o', 'name.o']);
    const source = join(shell.folder, 'build/src/name.c');
    const original = await readFile(source, 'utf8');
    await writeFile(source, original.replace('world', 'again'));
    expect(await build(app, how)).toBe('Hello, again\n');
    const second = await objects();
    const changed = Object.keys(second).filter((name) => second[name] !== first[name]);
    expect(changed).toEqual(['name.o']);
    await expectClean(shell, app);
    await writeFile(source, original);
  });
});
