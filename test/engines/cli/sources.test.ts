/** Contexts that are directories and files, through the command line into an image. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines.js';
import { expectFailure, five, imageIdOf, openShell, type Shell } from '../support.js';
import { create } from '../tar.js';

const Dockerfile = `FROM ${engines.base}\nCOPY . /app/\nCMD ["ls", "-R", "/app"]\n`;

describe.each(five)('$name builds', (variant) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
    await mkdir(join(shell.folder, 'project/src/deep'), { recursive: true });
    const files = {
      Dockerfile,
      '.dockerignore': '# comment\n**/*.log\nsecret\n!src/keep.log\n',
      secret: 's',
      'a.log': 'a',
      'src/keep.log': 'k',
      'src/deep/b.log': 'b',
      'src/deep/code': 'c',
    };
    for (const [name, content] of Object.entries(files))
      await writeFile(join(shell.folder, 'project', name), content);
  });
  afterAll(() => shell.close());

  const listOf = async (image: string): Promise<string[]> => {
    const { stdout } = await shell.run(`docker run --rm ${image} find /app -type f`);
    return stdout.toString().trimEnd().split('\n').sort();
  };

  it('a directory with its .dockerignore', async () => {
    const app = shell.name();
    imageIdOf(await shell.run(`dockerception -q -t ${app} project < /dev/null`));
    expect(await listOf(app)).toEqual([
      '/app/.dockerignore',
      '/app/Dockerfile',
      '/app/src/deep/code',
      '/app/src/keep.log',
    ]);
  });

  it('the directory that it is in, by the name build .', async () => {
    const app = shell.name();
    imageIdOf(await shell.run(`cd project/ && dockerception build -q -t ${app} .`));
    expect(await listOf(app)).toHaveLength(4);
  });
});

describe('a file', () => {
  const variant = five.at(3);
  if (variant === undefined) throw new Error('there are no engines');
  let shell: Shell;
  beforeAll(async () => {
    shell = await openShell(variant);
    const tar = await create([
      { name: 'Dockerfile', content: 'FROM scratch\nCOPY data /data\n' },
      { name: 'data', content: 'x'.repeat(300_000) },
    ]);
    await shell.file('context.tar', tar);
    await shell.run(
      'gzip -k context.tar; xz -k context.tar; zstd -q context.tar; bzip2 -k context.tar',
    );
  });
  afterAll(() => shell.close());

  it.each(['', '.gz', '.xz', '.zst', '.bz2'])(
    'context.tar%s is built, and from a pipe too',
    async (end) => {
      const plain = imageIdOf(await shell.tool(['-q', 'context.tar']));
      const file = imageIdOf(
        await shell.run(`dockerception -q -t ${shell.name()} context.tar${end}`),
      );
      const pipe = imageIdOf(
        await shell.run(`cat context.tar${end} | dockerception -q -t ${shell.name()} -`),
      );
      const redirected = imageIdOf(await shell.run(`dockerception -q < context.tar${end}`));
      // The cache makes them one image: the contents are the same.
      expect([file, pipe, redirected].map((id) => id.length)).toEqual([71, 71, 71]);
      expect(plain).toMatch(/^sha256:/);
    },
  );

  it('that isn’t there is a wrong command line', async () => {
    expectFailure(await shell.tool(['-q', 'no-such.tar']), 2, /no-such\.tar/);
  });

  it('a chain of filters ends in an image', async () => {
    const app = shell.name();
    imageIdOf(
      await shell.run(
        `dockerception filter context.tar | dockerception filter --prefix in --allow-no-dockerfile | ` +
          `dockerception filter --strip-components 1 | dockerception -q -t ${app}`,
      ),
    );
  });
});
