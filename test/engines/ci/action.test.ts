/** The action as GitHub's runner runs it: action.yml's steps, with real engines and registries. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRunner, type Result } from '../../support/github/runner.js';
import { ROOT } from '../commands.js';
import { cleanUp, engines, inspectImage, listTags, run, uniqueTag, variantOf } from '../engines.js';
import { program } from '../support.js';

const docker28 = variantOf('docker28 BuildKit');
const { host, env: withEngine } = docker28;
const withoutEngine = { PATH: process.env['PATH'], HOME: homedir() };
const { address } = engines.registry;

const DOCKERFILE =
  'FROM scratch\nARG NAME\nCOPY app /app\nLABEL is=$MISSING\nENTRYPOINT ["/app"]\n';

let root: string;
let workspace: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  workspace = join(root, 'work');
  for (const name of ['work', 'tmp', 'config']) await mkdir(join(root, name));
  await file('Dockerfile', DOCKERFILE);
  await file('app', program('hello'), 0o755);
});
afterEach(async () => {
  // Neither the action nor the tool leaves a file.
  const left = await readdir(join(root, 'tmp'));
  await rm(root, { recursive: true, force: true });
  await cleanUp(host);
  expect(left.filter((name) => !/^(_runner-\d+|dockerception)$/.test(name))).toEqual([]);
});

async function file(name: string, content: string | Buffer, mode = 0o644): Promise<void> {
  await writeFile(join(workspace, name), content, { mode });
}

function act(
  given: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = withEngine,
): Promise<Result> {
  const temporary = join(root, 'tmp');
  const config = { DOCKER_CONFIG: join(root, 'config'), TMPDIR: temporary };
  return openRunner({ workspace, temporary, env: { ...env, ...config } }).action(
    ROOT.replace(/\/$/, ''),
    given,
  );
}

const crane = async (...args: readonly string[]): Promise<string> =>
  (await run(engines.crane, [args[0] ?? '', '--insecure', ...args.slice(1)])).stdout.trim();

const MISSING = {
  name: 'warning',
  properties: { file: 'Dockerfile', line: '4', endLine: '4', title: 'UndefinedVar' },
  message: "Usage of undefined variable '$MISSING' (line 4)",
};

describe('the action with Docker', () => {
  it('builds an image, and reports its id, warnings and sizes', async () => {
    const tag = uniqueTag();
    const { code, log, commands, outputs, summary } = await act({ tag, 'must-run': 'true' });
    expect(code, log).toBe(0);
    expect(outputs['image-id']).toBe((await inspectImage(host, tag)).Id);
    expect(outputs['digest']).toBe(outputs['image-id']);
    expect(commands).toEqual([MISSING]);
    expect(log).toContain('COPY app /app');
    expect(summary).toMatch(/\| linux\\\/amd64 \| [\d.]+ (k?B) \| [\d.]+ \1 \| 1 \| 1 \| /);
    expect(summary).toMatch(/\| COPY app \\\/app( \\# buildkit)? \|/);
  });

  it('annotates what it finds in the image', async () => {
    await file('Dockerfile', 'FROM scratch\nCOPY . /\nENTRYPOINT ["/gone"]\n');
    const { code, commands, summary } = await act({ tag: uniqueTag() });
    expect(code).toBe(0);
    expect(commands).toEqual([
      {
        name: 'error',
        properties: { title: 'entrypoint-missing' },
        message: expect.stringContaining('/gone') as string,
      },
    ]);
    expect(summary).toContain('entrypoint\\-missing');
    const quiet = await act({ tag: uniqueTag(), inspect: 'false' });
    expect(quiet.commands).toEqual([]);
    expect(quiet.log).toContain('[entrypoint-missing]');
  });

  it('runs a builder, at whose Dockerfile warnings are shown', async () => {
    await mkdir(join(workspace, 'builder'));
    const builder = `FROM ${engines.base}\nWORKDIR /context\nCOPY . .\nLABEL is=$MISSING\nCMD tar -c .\n`;
    await file('builder/Dockerfile', builder);
    await file('builder/app', program('hello'), 0o755);
    const args = '--base=scratch\n--change=ENTRYPOINT ["/app"]';
    const { code, log, commands } = await act({ from: 'builder', tag: uniqueTag(), args });
    expect(code, log).toBe(0);
    expect(commands[0]).toEqual({
      ...MISSING,
      properties: { ...MISSING.properties, file: 'builder/Dockerfile' },
    });
  });

  it('pushes', async () => {
    const tag = `${address}/${uniqueTag()}:1`;
    const { code, log, outputs } = await act({ tag, push: 'true' });
    expect(code, log).toBe(0);
    expect(outputs['digest']).toBe(await crane('digest', tag));
  });

  it('says which limit is exceeded, and names no image', async () => {
    const tag = uniqueTag();
    const limits = { 'max-size': '10', deny: '**/*.c\n/app' };
    const { code, commands, outputs, summary } = await act({ tag, ...limits });
    expect(code).toBe(6);
    expect(commands.map(({ name }) => name)).toEqual(['warning', 'error']);
    expect(commands[1]?.properties).toEqual({ title: 'dockerception: a limit is exceeded' });
    expect(commands[1]?.message).toMatch(/--max-size: it has .*; --deny \/app: \/app\nhint: /);
    expect(summary).toContain('a limit is exceeded');
    expect(outputs).toEqual({ 'image-id': '', digest: '' });
    expect((await listTags(host)).join('\n')).not.toContain(tag);
  });

  it.each([
    [1, 'the build failed', {}, /none/],
    [2, 'the command line is wrong', { args: '--no-such' }, /--no-such/],
    [2, 'the command line is wrong', { push: 'maybe' }, /push is true or false, not "maybe"/],
    [3, 'the context is bad', { context: 'Dockerfile' }, /Dockerfile/],
    [
      5,
      'an engine or a registry',
      { load: 'true', args: '--builder=tcp://127.0.0.1:1' },
      /127\.0\.0\.1:1/,
    ],
  ])('fails with %i: %s', async (code, title, given, why) => {
    await file('Dockerfile', 'FROM scratch\nCOPY none /\n');
    const result = await act({ tag: uniqueTag(), ...given });
    expect(result.code, result.log).toBe(code);
    const { name, properties, message } = result.commands.at(-1) ?? {};
    expect([name, properties]).toEqual(['error', { title: `dockerception: ${title}` }]);
    expect(message).toMatch(why);
    expect(result.outputs).toEqual({ 'image-id': '', digest: '' });
  });
});

describe('the action without an engine', () => {
  it('pushes, and gives the digest of what is in the registry', async () => {
    const tag = `${address}/${uniqueTag()}`;
    const given = { tag: `${tag}:1\n${tag}:2`, push: 'true', 'must-run': 'true' };
    const { code, log, commands, outputs, summary } = await act(given, withoutEngine);
    expect(code, log).toBe(0);
    for (const version of ['1', '2'])
      expect(outputs['digest']).toBe(await crane('digest', `${tag}:${version}`));
    expect(commands).toEqual([MISSING]);
    expect(summary).toContain('| COPY app \\/app |');
    // The blobs in the registry are compressed.
    expect(summary).toMatch(/\| 0 \| [\d.]+ k?B \| [\d.]+ k?B \| 1 \|/);
  });

  it('builds an archive for several platforms, and inspects each', async () => {
    const output = 'app.tar';
    const platforms = 'linux/amd64\nlinux/arm64';
    const given = { tag: 'app', output, platforms, 'max-layers': '1' };
    const { code, log, summary } = await act(given, withoutEngine);
    expect(code, log).toBe(0);
    for (const name of ['amd64', 'arm64']) expect(summary).toContain(`| linux\\/${name} |`);
  });

  it('pushes nothing that exceeds a limit', async () => {
    const tag = `${address}/${uniqueTag()}:1`;
    const { code, commands } = await act({ tag, push: 'true', 'max-size': '1' }, withoutEngine);
    expect(code).toBe(6);
    expect(commands.at(-1)?.message).toContain('--max-size');
    await expect(crane('digest', tag)).rejects.toThrow();
  });
});

describe('inputs that look like scripts, options or commands', () => {
  const touched = async (): Promise<boolean> => (await readdir(workspace)).includes('touched');
  const HOSTILE = [
    '"; touch touched #',
    "'; touch touched; '",
    '$(touch touched)',
    '`touch touched`',
    '${{ github.token }}',
    '--push',
    '::error::injected',
    'a\nimage-id=injected',
    '\u001b[31m',
  ];

  it.each(['tag', 'context', 'file', 'from', 'platforms', 'output', 'max-size', 'engine'])(
    'are refused as %s, or are its value',
    async (name) => {
      for (const value of HOSTILE) {
        const given = { tag: 'app', output: 'app.tar', [name]: value };
        const { commands, outputs } = await act(given, withoutEngine);
        expect(await touched(), value).toBe(false);
        for (const command of commands) {
          expect(['error', 'warning'], value).toContain(command.name);
          expect(command.message, value).not.toBe('injected');
        }
        expect(outputs['image-id'], value).not.toBe('injected');
      }
    },
  );

  it('reach the image as they are in a build argument', async () => {
    await file('Dockerfile', 'FROM scratch\nARG NAME\nCOPY app /\nLABEL is=$NAME\n');
    for (const value of HOSTILE.filter((one) => !one.includes('\n'))) {
      const tag = `${address}/${uniqueTag()}:1`;
      const given = { tag, push: 'true', 'build-args': `NAME=${value}` };
      const { code, log } = await act(given, withoutEngine);
      expect(code, log).toBe(0);
      const config = JSON.parse(await crane('config', tag)) as { config: { Labels: object } };
      expect(config.config.Labels).toEqual({ is: value });
    }
    expect(await touched()).toBe(false);
  });

  it('are no commands in the output of a builder', async () => {
    await mkdir(join(workspace, 'builder'));
    const commands = '::error::injected\\n  ::warning::injected\\n::stop-commands::x\\n';
    const script = `printf '${commands}' >&2; exit 3`;
    await file(
      'builder/Dockerfile',
      `FROM ${engines.base}\nCMD ${JSON.stringify(['sh', '-c', script])}\n`,
    );
    const result = await act({ from: 'builder', tag: uniqueTag() });
    expect(result.code).toBe(4);
    expect(result.log).toContain('::error::injected\n');
    expect(result.commands.map(({ name }) => name)).toEqual(['error']);
    expect(result.commands[0]?.properties['title']).toBe('dockerception: the builder failed');
  });
});
