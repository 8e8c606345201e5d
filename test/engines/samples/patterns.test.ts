/**
 * Every command on the pages of the patterns is run as it stands, one after the other, in a copy of the
 * page's sample; and each Dockerfile names the base that a user gets.
 */
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsOf } from '../commands.js';
import { variantOf } from '../engines.js';
import { buildExecutables, executableOf } from '../executable/build.js';
import { imageIdOf, type Shell } from '../support.js';
import { dockerfilesOf, openSample, SAMPLES } from './sample.js';

const folders = (await readdir(SAMPLES, { withFileTypes: true }))
  .filter((one) => one.isDirectory())
  .map(({ name }) => name);

const pages = await Promise.all(
  folders.map(async (name) => ({ name, commands: await commandsOf(`docs/patterns/${name}.md`) })),
);

describe.each(pages.filter(({ commands }) => commands.length > 0))(
  'docs/patterns/$name.md',
  ({ name, commands }) => {
    const variant = variantOf('docker20 BuildKit');
    let shell: Shell;
    beforeAll(async () => {
      shell = await openSample(name, variant);
      if (name !== 'self') return;
      buildExecutables('linux-x64');
      await copyFile(executableOf('linux-x64'), join(shell.folder, 'dockerception'));
    });
    afterAll(async () => {
      const named = commands.flatMap(({ text }) =>
        [...text.matchAll(/ -t ([\w-]+)/g)].map((match) => match[1]),
      );
      await shell.run(`docker rmi -f ${named.join(' ')}`);
      await shell.close();
    });

    it.each(commands)('$text', async ({ text }) => {
      const outcome = await shell.run(text, { litters: true });
      expect(outcome.code, outcome.stderr).toBe(0);
      if (/^(?!docker )[^&]*dockerception [^|]*$/.test(text)) imageIdOf(outcome);
    });
  },
);

describe.each(folders)('samples/%s', (name) => {
  it('has public bases, each in an ARG that another can take the place of', async () => {
    const folder = join(SAMPLES, name);
    for (const path of await dockerfilesOf(folder)) {
      const text = await readFile(join(folder, path), 'utf8');
      for (const [, base] of text.matchAll(/^FROM (\S+)/gm))
        expect(base, path).toMatch(/^(scratch|\$\w+)$/);
      for (const [, value] of text.matchAll(/^ARG \w*BASE=(.*)$/gm))
        expect(value, path).toMatch(/^(gcc:12-bookworm|debian:12-slim|alpine:3\.20)$/);
    }
  });
});
