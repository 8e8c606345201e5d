/** samples/split-image: sources mounted into the builder, artifacts taken out of it. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageIdOf, type Shell } from '../support.js';
import { openSample, succeeds, two } from './sample.js';

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

  const build = async (app: string): Promise<string> => {
    const volumes = '-v "$PWD/build/src:/src" -v "$PWD/run/artifacts:/artifacts"';
    await succeeds(shell.run(`docker run --rm ${volumes} ${builder}`));
    imageIdOf(await shell.run(`dockerception -t ${app} run/`));
    return succeeds(shell.run(`docker run --rm ${app}`));
  };

  it('compiles what changed alone the second time', async () => {
    const app = shell.name();
    expect(await build(app)).toBe('Hello, world\n');
    const first = await objects();
    expect(Object.keys(first)).toEqual(['greeting.o', 'main.o', 'name.o']);
    const source = join(shell.folder, 'build/src/name.c');
    await writeFile(source, (await readFile(source, 'utf8')).replace('world', 'again'));
    expect(await build(app)).toBe('Hello, again\n');
    const second = await objects();
    const changed = Object.keys(second).filter((name) => second[name] !== first[name]);
    expect(changed).toEqual(['name.o']);
  });
});
