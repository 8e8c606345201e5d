/** samples/scratch-100kb: one static binary and nothing else. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageIdOf, type Shell } from '../support.js';
import { expectClean, layersOf, openSample, sizeOf, succeeds, two } from './sample.js';

describe.each(two)('the scratch-100kb sample, with $name', (variant) => {
  let shell: Shell;
  let hello: string;
  beforeAll(async () => {
    shell = await openSample('scratch-100kb', variant);
    hello = shell.name();
    const builder = shell.name();
    await succeeds(shell.run(`docker build -q -t ${builder} .`));
    imageIdOf(await shell.run(`docker run --rm ${builder} | dockerception -t ${hello}`));
  });
  afterAll(() => shell.close());

  it('is at most as large as the article’s image', async () => {
    expect(await sizeOf(shell, hello)).toBeLessThanOrEqual(82_700);
  });

  it('has one file in one layer', async () => {
    const layers = await layersOf(shell, hello);
    expect(layers).toEqual([['hello']]);
  });

  it('says hello', async () => {
    expect(await succeeds(shell.run(`docker run --rm ${hello}`))).toBe('Hello World\n');
    await expectClean(shell, hello);
  });
});
