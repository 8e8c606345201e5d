/** samples/dockerception: a compiled web program, from a builder that writes a tar. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageIdOf, type Shell } from '../support.js';
import { expectClean, openSample, sizeOf, succeeds, two } from './sample.js';

describe.each(two)('the dockerception sample, with $name', (variant) => {
  let shell: Shell;
  let builder: string;
  beforeAll(async () => {
    shell = await openSample('dockerception', variant);
    builder = shell.name();
    await succeeds(shell.run(`docker build -q -t ${builder} .`));
  });
  afterAll(() => shell.close());

  const serves = async (image: string): Promise<string> => {
    const id = (await succeeds(shell.run(`docker run -d ${image}`))).trim();
    try {
      const format = '{{.NetworkSettings.IPAddress}}';
      const address = await succeeds(shell.run(`docker inspect -f '${format}' ${id}`));
      for (let tries = 0; ; tries++)
        try {
          return await (await fetch(`http://${address.trim()}:8001/`)).text();
        } catch (error) {
          if (tries === 50) throw error;
          await sleep(100);
        }
    } finally {
      await shell.run(`docker rm -f ${id}`);
    }
  };

  it('serves from an image that has the program alone', async () => {
    const app = shell.name();
    imageIdOf(await shell.run(`docker run --rm ${builder} | dockerception -t ${app}`));
    expect(await serves(app)).toBe('hello\n');
    expect((await sizeOf(shell, builder)) / (await sizeOf(shell, app))).toBeGreaterThan(50);
    await expectClean(shell, app);
  });

  it('serves from an archive that was made without the engine', async () => {
    const app = shell.name();
    const withoutEngine = `DOCKER_HOST=unix:///nowhere dockerception -t ${app} -o app.tar`;
    imageIdOf(await shell.run(`docker run --rm ${builder} | ${withoutEngine}`));
    await succeeds(shell.run('docker load -q -i app.tar'));
    expect(await serves(app)).toBe('hello\n');
  });

  it('ends at once when it is stopped', async () => {
    const app = shell.name();
    imageIdOf(await shell.run(`docker run --rm ${builder} | dockerception -t ${app}`));
    const id = (await succeeds(shell.run(`docker run -d ${app}`))).trim();
    await succeeds(shell.run(`docker stop ${id}`));
    const code = await succeeds(shell.run(`docker inspect -f '{{.State.ExitCode}}' ${id}`));
    await shell.run(`docker rm ${id}`);
    expect(code).toBe('0\n');
  });
});
