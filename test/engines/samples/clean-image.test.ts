/** samples/clean-image: packages from a repository that the builder serves while the image is built. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildersOf } from '../builder/support.js';
import { imageIdOf, type Shell } from '../support.js';
import { expectClean, layersOf, openSample, succeeds, two } from './sample.js';

describe.each(two)('the clean-image sample, with $name', (variant) => {
  let shell: Shell;
  let address: string;
  let repository: string;
  beforeAll(async () => {
    shell = await openSample('clean-image', variant);
    repository = shell.name();
    await succeeds(shell.run(`docker build -q -t ${repository} repo/`));
    await succeeds(shell.run(`docker run -d --name ${repository} ${repository}`));
    const format = '{{.NetworkSettings.IPAddress}}';
    address = (await succeeds(shell.run(`docker inspect -f '${format}' ${repository}`))).trim();
  });
  afterAll(async () => {
    await shell.run(`docker rm -f ${repository}`);
    await shell.close();
  });

  it('installs the packages, and no layer has a package file', async () => {
    const clean = shell.name();
    imageIdOf(await shell.tool(['--add-host', `builder:${address}`, '-t', clean, 'run/']));
    expect(await succeeds(shell.run(`docker run --rm ${clean}`))).toBe('hello from a package\n');
    const layers = await layersOf(shell, clean);
    const paths = layers.flat().map((path) => path.replace(/^\.?\//, ''));
    expect(paths).toContain('usr/bin/hello');
    expect(paths.filter((path) => /\.deb$|Packages$|builder\.list$/.test(path))).toEqual([]);
    expect(layers.length).toBe(2);
    await expectClean(shell, clean);
  });

  it('is one command with --serve, which leaves no container', async () => {
    const clean = shell.name();
    // The label of its builder: others run the sample, too.
    await succeeds(shell.run(`echo LABEL builder=${clean} >>repo/Dockerfile`));
    const outcome = await shell.tool(['--from', 'repo/', '--serve', '80', 'run/', '-t', clean]);
    imageIdOf(outcome);
    expect(await succeeds(shell.run(`docker run --rm ${clean}`))).toBe('hello from a package\n');
    expect(await buildersOf(variant.host, clean)).toEqual([]);
  });

  it('tells when it is ready', async () => {
    const format = '{{.State.Health.Status}}';
    const script = `until docker inspect -f '${format}' ${repository} | grep -qx healthy; do sleep 0.2; done`;
    await succeeds(shell.run(script));
  });
});
