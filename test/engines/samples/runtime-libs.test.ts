/** samples/runtime-libs: a dynamic program in an image from scratch. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageIdOf, type Shell } from '../support.js';
import { expectClean, openSample, succeeds, two } from './sample.js';

describe.each(two)('the runtime-libs sample, with $name', (variant) => {
  let shell: Shell;
  let builder: string;
  beforeAll(async () => {
    shell = await openSample('runtime-libs', variant);
    builder = shell.name();
    await succeeds(shell.run(`docker build -q -t ${builder} .`));
  });
  afterAll(() => shell.close());

  it('is a program that needs three libraries and a loader', async () => {
    const needs = await succeeds(shell.run(`docker run --rm ${builder} ldd /usr/local/bin/hello`));
    for (const library of [/libz\.so\.1 /, /libm\.so\.6 /, /libc\.so\.6 /, /\/ld-linux/])
      expect(needs).toMatch(library);
  });

  it('runs in an image from scratch with the libraries that --libs finds', async () => {
    const app = shell.name();
    const from = '--from . --artifacts /usr/local/bin/hello --libs --base scratch';
    const outcome = await shell.run(
      `dockerception ${from} -c 'ENTRYPOINT ["/usr/local/bin/hello"]' -t ${app}`,
    );
    imageIdOf(outcome);
    expect(outcome.stderr).toMatch(/builder \d+ MB, image [\d.]+ MB, 1\/\d+ of it/);
    await expectClean(shell, app);
    const says = await succeeds(shell.run(`docker run --rm ${app}`));
    expect(says).toMatch(/^zlib [\d.]+, crc32 3610a686, cos -0\.4161\n$/);
  });

  it('runs in the builder, which is its test', async () => {
    const says = await succeeds(shell.run(`docker run --rm ${builder}`));
    expect(says).toMatch(/^zlib [\d.]+, crc32 3610a686, cos -0\.4161\n$/);
  });
});
