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

  it('with a Dockerfile from standard input, from outside of a directory, and files from pipes', async () => {
    await shell.file('Outside', dockerfile('outside'));
    const both = `FROM ${engines.base}\nCOPY one two /in/\nLABEL used=stdin\n`;
    const [app, other] = [shell.name(), shell.name()];
    const script =
      `dockerception -q -t ${app} -f - --add <(printf 1):one --add <(printf 2):two project && ` +
      `printf 3 | dockerception -q -t ${other} -f Outside --add -:three project > /dev/null`;
    imageIdOf(await shell.run(script, { input: Buffer.from(both) }));
    expect([await labelOf(app), await labelOf(other)]).toEqual(['stdin', 'outside']);
    const { stdout } = await shell.run(`docker run --rm ${app} cat /in/one /in/two`);
    expect(stdout.toString()).toBe('12');
  });
});
