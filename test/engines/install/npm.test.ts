/** The package, installed with npm in each way that the documentation names. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };
import { ROOT } from '../commands.js';
import { copyToRepository, TIMEOUT } from './repository.js';

const exec = promisify(execFile);
let folder: string;
/** A repository with what this working copy has, without what is built. */
let repository: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-npm-'));
  repository = join(folder, 'repository');
  await copyToRepository(repository);
});
afterAll(() => rm(folder, { recursive: true }));

/** Installs `what` into a global prefix of its own, builds an image of the sample, and finds the manual page. */
async function installGlobally(what: string, cwd: string): Promise<string> {
  const prefix = await mkdtemp(join(folder, 'prefix-'));
  await exec('npm', ['install', '--global', '--prefix', prefix, what], { cwd });
  const script = 'node samples/hello/builder.js | "$0" --engine embedded -q -o "$1" -';
  const program = join(prefix, 'bin/dockerception');
  const args = ['-c', script, program, join(prefix, 'app.tar')];
  expect((await exec('bash', args, { cwd: ROOT })).stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  expect((await exec(program, ['--version'])).stdout.trim()).toBe(manifest.version);
  const page = join(prefix, 'share/man/man1/dockerception.1');
  expect(await readFile(page, 'utf8')).toMatch(/^\.TH DOCKERCEPTION 1 /);
  return join(prefix, 'lib/node_modules');
}

/** Packs what this working copy has built. */
async function pack(): Promise<string> {
  const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
  return join(folder, (await exec('npm', args, { cwd: ROOT })).stdout.trim());
}

describe('npm', () => {
  it('installs a fresh clone as a link, and builds it', { timeout: TIMEOUT }, async () => {
    const clone = join(folder, 'clone');
    await exec('git', ['clone', '-q', repository, clone]);
    const modules = await installGlobally('.', clone);
    expect(await readlink(join(modules, 'dockerception'))).toMatch(/\/clone$/);
    const { stdout } = await exec('git', ['status', '--porcelain'], { cwd: clone });
    expect(stdout).toBe('');
  });

  it('installs the package from a git address', { timeout: TIMEOUT }, async () => {
    const modules = await installGlobally(`git+file://${repository}`, folder);
    // No link to a clone that npm has removed, and nothing that it moved away.
    const entries = await readdir(modules, { withFileTypes: true });
    expect(entries.map((entry) => [entry.name, entry.isDirectory()])).toEqual([
      ['dockerception', true],
    ]);
    const installed = await readdir(join(modules, 'dockerception/node_modules'));
    expect(installed).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)));
  });

  it('installs the packed file', { timeout: TIMEOUT }, async () => {
    await installGlobally(await pack(), folder);
  });

  it('finds all dependencies in the lock file, which has no address of a registry', async () => {
    const lock = await readFile(join(ROOT, 'package-lock.json'), 'utf8');
    expect(lock).not.toContain('"resolved"');
    await exec('npm', ['ci', '--dry-run', '--ignore-scripts'], { cwd: repository });
  });
});

const PROGRAM = `import { build, type BuildOptions, DockerceptionError, filter, inspect } from 'dockerception';
import { type Inspection, renderText, walk } from 'dockerception/inspect';
import { type Edit, type EntryHeader, TarWalk } from 'dockerception/tar';

const options: BuildOptions = { context: 'context.tar', engine: 'embedded', tags: ['app'] };
export const ids: Promise<string> = build(options).then(({ imageId }) => imageId);
export const stream: NodeJS.ReadableStream = filter({ context: 'context.tar', owner: 'keep' });
export const names = async (): Promise<string> => {
  const inspection: Inspection = await inspect({ target: 'app.tar' });
  const text = renderText(inspection, { colour: false, bars: false, width: 80 });
  return [...walk(inspection.root)].map(({ path }) => path).join() + text;
};
export const edit: Edit = (entry: EntryHeader) => void (entry.uid = 0);
export const error = new DockerceptionError('usage', 'USAGE_OPTION', 'a message').code;
export const walkClass: typeof TarWalk = TarWalk;
// @ts-expect-error the types are not \`any\`
export const wrong: number = ids;
`;

describe('a program in TypeScript', () => {
  let consumer: string;
  beforeAll(async () => {
    consumer = join(folder, 'consumer');
    await mkdir(consumer);
    await writeFile(join(consumer, 'package.json'), '{ "type": "module" }\n');
    const types = `@types/node@${manifest.devDependencies['@types/node']}`;
    const args = ['install', '--ignore-scripts', await pack(), types];
    await exec('npm', args, { cwd: consumer });
    await writeFile(join(consumer, 'use.ts'), PROGRAM);
  }, TIMEOUT);

  it.each([
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ])(
    'uses every entry point with module %s and resolution %s',
    async (module, moduleResolution) => {
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2023',
        lib: ['es2023'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
        skipLibCheck: false,
      };
      const file = join(consumer, `tsconfig.${module}.json`);
      await writeFile(file, JSON.stringify({ compilerOptions, files: ['use.ts'] }));
      const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
      const { stdout } = await exec(process.execPath, [tsc, '-p', file]).catch(
        (error: unknown) => error as { stdout: string },
      );
      expect(stdout).toBe('');
    },
    TIMEOUT,
  );

  it('runs as an ES module, and loads the package with require()', async () => {
    const script = "const { build } = require('dockerception'); console.log(typeof build);";
    for (const text of [script, "import('dockerception').then(m => console.log(typeof m.build))"]) {
      const args = ['--input-type=commonjs', '-e', text];
      const { stdout } = await exec(process.execPath, args, { cwd: consumer });
      expect(stdout).toBe('function\n');
    }
  });
});
