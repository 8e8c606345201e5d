/** Where the Dockerfile is, through the command line into an image. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines.js';
import { five, imageIdOf, openShell, type Shell } from '../support.js';
import { create } from '../tar.js';

const NAMES = ['Containerfile', 'dockerfile', 'Dockerfile'];
const dockerfile = (label: string): string => `FROM ${engines.base}\nLABEL used=${label}\n`;

describe.each(five)('$name builds', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
    await mkdir(join(shell.folder, 'project'));
  });
  afterAll(() => shell.close());

  const labelOf = async (image: string): Promise<string> => {
    const format = '{{index .Config.Labels "used"}}';
    const { stdout } = await shell.run(`docker image inspect --format '${format}' ${image}`);
    return stdout.toString().trim();
  };

  it('the Dockerfile of a stream by the name that comes first in Docker', async () => {
    for (const count of [1, 2, 3]) {
      const names = NAMES.slice(0, count);
      const input = await create(names.map((name) => ({ name, content: dockerfile(name) })));
      const app = shell.name();
      imageIdOf(await shell.tool(['-q', '-t', app], { input }));
      expect(await labelOf(app)).toBe(names.at(-1));
    }
  });

  it('the Dockerfile of a directory likewise', async () => {
    for (const name of NAMES) {
      await shell.file(`project/${name}`, dockerfile(`${name}-of-folder`));
      const app = shell.name();
      imageIdOf(await shell.tool(['-q', '-t', app, 'project']));
      expect(await labelOf(app)).toBe(`${name}-of-folder`);
    }
  });
});
