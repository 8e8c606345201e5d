/** What an engine gets of a directory though its .dockerignore excludes it, and instructions may not see. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compileIgnore, excludedBuildFiles } from '../../src/dockerfile/patterns/ignore.js';
import { build, type BuildOptions } from '../../src/index.js';
import { ignorePatterns } from '../../src/source/directory.js';
import { readTar } from '../support/read-tar.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dockerception-excluded-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
}

describe('the build files that a .dockerignore excludes', () => {
  const excludedIn = async (path: string, file: string): Promise<string[]> =>
    excludedBuildFiles(
      compileIgnore(await ignorePatterns(path, { file, ignoreFile: undefined })),
      file,
    );

  it.each<[string, string, string[]]>([
    ['node_modules', 'Dockerfile', []],
    ['*\n!dist', 'Dockerfile', ['.dockerignore', 'Dockerfile']],
    ['Dockerfile*', 'Dockerfile', ['Dockerfile']],
    ['Dockerfile*\n!Dockerfile', 'Dockerfile', []],
    ['docker', 'docker/x/Dockerfile', ['docker']],
    ['docker/x', 'docker/x/Dockerfile', ['docker/x']],
    ['docker/**', 'docker/x/Dockerfile', ['docker/x']],
    ['docker/*\n!docker/kept', 'docker/Dockerfile', ['docker/Dockerfile']],
    ['docker\n!docker/x/kept', 'docker/x/Dockerfile', ['docker/x/Dockerfile']],
  ])('of %j with the Dockerfile %s are %j', async (patterns, file, excluded) => {
    write({ '.dockerignore': patterns });
    expect(await excludedIn(dir, file)).toEqual(excluded);
  });

  it('follow the patterns of the Dockerfile’s own ignore file', async () => {
    write({ '.dockerignore': 'a', 'Dockerfile.dockerignore': 'Dockerfile' });
    expect(await excludedIn(dir, 'Dockerfile')).toEqual(['Dockerfile']);
  });

  it('are none for a file, and for what is not there', async () => {
    write({ '.dockerignore': '*' });
    expect(await excludedIn(join(dir, '.dockerignore'), 'Dockerfile')).toEqual([]);
    expect(await excludedIn(join(dir, 'none'), 'Dockerfile')).toEqual([]);
  });
});

describe('an image of the embedded engine', () => {
  const names = async (options: Partial<BuildOptions> = {}): Promise<string[]> => {
    const stdout = new PassThrough();
    const read = buffer(stdout);
    await build({
      context: dir,
      engine: 'embedded',
      outputs: [{ type: 'tar', dest: '-', attributes: {} }],
      stdout,
      env: {},
      ...options,
    });
    stdout.end();
    return readTar(await read).entries.map(({ name }) => name);
  };
  const DOCKERFILE = 'FROM scratch\nCOPY . /\n';

  it('has neither Dockerfile nor .dockerignore when they are excluded', async () => {
    write({ Dockerfile: DOCKERFILE, '.dockerignore': '*\n!dist', 'dist/app': 'app', other: '' });
    expect(await names()).toEqual(['dist/', 'dist/app']);
  });

  it('has them when they are not excluded', async () => {
    write({ Dockerfile: DOCKERFILE, '.dockerignore': 'other', app: 'app', other: '' });
    expect(await names()).toEqual(['.dockerignore', 'Dockerfile', 'app']);
  });

  it('has an excluded Dockerfile that --add brings', async () => {
    write({ Dockerfile: DOCKERFILE, '.dockerignore': '*\n!app', app: 'app' });
    const add = [{ host: join(dir, 'Dockerfile'), dest: 'Dockerfile' }];
    expect(await names({ add })).toEqual(['Dockerfile', 'app']);
  });

  it('has no excluded Dockerfile when a base needs none', async () => {
    write({ Dockerfile: 'none', '.dockerignore': '*\n!app', app: 'app' });
    expect(await names({ base: 'scratch' })).toEqual(['app']);
  });

  it('does not copy an excluded Dockerfile by its name', async () => {
    write({ Dockerfile: 'FROM scratch\nCOPY Dockerfile /\n', '.dockerignore': 'Dockerfile' });
    await expect(names()).rejects.toMatchObject({ kind: 'build', code: 'COPY_NOT_FOUND' });
  });
});
