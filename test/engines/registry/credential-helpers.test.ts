/** Credential helpers on the PATH, for a registry that wants a login, through every engine. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contextOf, engines, run, variantOf } from '../engines.js';
import { expectFailure, imageIdOf, openShell, type Outcome, type Shell } from '../support.js';

const { address, username, password } = engines.registryAuth;
const docker28 = variantOf('docker28 BuildKit');

let shell: Shell;
beforeAll(async () => {
  shell = await openShell(docker28);
});
afterAll(() => shell.close());
beforeEach(() => shell.file('asked', ''));

/** What a helper prints for the registry. */
const ANSWER = JSON.stringify({ ServerURL: address, Username: username, Secret: password });
const found = `echo '${ANSWER}'`;

/** Puts `docker-credential-test` on the PATH; it writes down what it is asked for. */
async function helper(body: string): Promise<void> {
  const log = join(shell.folder, 'asked');
  const script = `#!/bin/sh\nread -r server\necho "$1 $server" >>'${log}'\n${body}\n`;
  await writeFile(join(shell.folder, 'docker-credential-test'), script, { mode: 0o755 });
}

const asked = async (): Promise<string[]> => [
  ...new Set((await readFile(join(shell.folder, 'asked'), 'utf8')).split('\n').filter(Boolean)),
];

async function build(config: object, args: readonly string[], from: string): Promise<Outcome> {
  await shell.file('config.json', JSON.stringify(config));
  const path = `${shell.folder}:${process.env['PATH']}`;
  const env = { DOCKER_CONFIG: shell.folder, PATH: path, XDG_CACHE_HOME: join(shell.folder, 'c') };
  const input = await contextOf({ Dockerfile: `FROM ${from}\nCOPY app /\n`, app: shell.name() });
  const outcome = await shell.tool(args, { env, input });
  expect(outcome.stdout.toString() + outcome.stderr).not.toContain(password);
  return outcome;
}

const CONFIGS: readonly [string, object][] = [
  ['credHelpers', { credHelpers: { [address]: 'test' }, credsStore: 'other' }],
  ['credsStore', { credsStore: 'test' }],
];
const ENGINES = [['embedded'], ['docker']];

/** A base that no engine has yet. */
async function privateBase(): Promise<string> {
  const name = `${address}/${shell.name()}`;
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  await shell.file('config.json', JSON.stringify({ auths: { [address]: { auth } } }));
  const env = { DOCKER_CONFIG: shell.folder, PATH: process.env['PATH'] };
  await run(engines.crane, ['copy', '--insecure', `${address}/base`, name], { env });
  return name;
}

describe.each(CONFIGS)('a helper in %s', (_, config) => {
  it.each(ENGINES)('is asked by the engine %s for a push', async (engine) => {
    await helper(found);
    const tag = `${address}/${shell.name()}:1`;
    const pushed = await build(config, ['--engine', engine, '-t', tag, '--push'], 'scratch');
    imageIdOf(pushed);
    expect(await asked()).toEqual([`get ${address}`]);
  });

  it.each(ENGINES)('is asked by the engine %s for a base', async (engine) => {
    const base = await privateBase();
    await helper(found);
    const output = engine === 'embedded' ? ['-o', 'app.tar'] : ['--pull'];
    const args = ['--engine', engine, '-t', shell.name(), ...output];
    imageIdOf(await build(config, args, base));
    expect(await asked()).toEqual([`get ${address}`]);
  });
});

const SECRET = 'a-secret-of-the-helper';
const FAILURES: readonly [string, string, RegExp][] = [
  ['fails', 'echo "the vault is locked"; exit 1', /the vault is locked$/],
  ['fails without a word', 'exit 3', /it exited with 3$/],
  ['prints no JSON', `echo '${SECRET}'`, /its answer is not JSON$/],
  ['prints half of its answer', `echo '{"Username":"u","Secret":"${SECRET}'`, /is not JSON$/],
  ['leaves out the user', `echo '{"Secret":"${SECRET}"}'`, /has no Username and Secret$/],
  ['prints without end', `yes '${SECRET}'`, /maxBuffer|too long/],
];

describe.each(ENGINES)('with the engine %s, a helper', (engine) => {
  const config = { credHelpers: { [address]: 'test' } };
  const push = (given: object = config): Promise<Outcome> =>
    build(given, ['--engine', engine, '-t', `${address}/${shell.name()}:1`, '--push'], 'scratch');

  it.each(FAILURES)('that %s is named in one line, with exit code 5', async (_, body, why) => {
    await helper(body);
    const outcome = await push();
    const { stderr } = outcome;
    const line = stderr.split('\n').find((one) => one.startsWith('dockerception: '));
    expect(line).toMatch(why);
    expect(line).toContain(`asking docker-credential-test for the credentials of ${address}: `);
    expect(stderr).not.toContain(SECRET);
    expectFailure(outcome, 5, why, /^hint: /);
  });

  it('that fails is named for a base, too', async () => {
    const base = await privateBase();
    await helper('echo "the vault is locked"; exit 1');
    const output = engine === 'embedded' ? ['-o', 'app.tar'] : ['--pull'];
    const args = ['--engine', engine, '-t', shell.name(), ...output];
    expectFailure(
      await build(config, args, base),
      5,
      /docker-credential-test .*the vault is locked/,
    );
  });

  it('that is not installed is named', async () => {
    const outcome = await push({ credHelpers: { [address]: 'gone' } });
    expectFailure(outcome, 5, /docker-credential-gone .*no such program on PATH$/, /config\.json/);
  });

  it('that has no credentials leads to a refusal that names it', async () => {
    await helper('echo "credentials not found in native keychain"; exit 1');
    const outcome = await push();
    expectFailure(outcome, 5, /./, /docker login|docker-credential-test/);
    expect(outcome.stderr).toContain('docker-credential-test');
  });

  it('that has wrong credentials leads to a refusal without them', async () => {
    await helper(`echo '{"Username":"alice","Secret":"${SECRET}"}'`);
    const outcome = await push();
    expectFailure(outcome, 5, /./);
    expect(outcome.stderr).toContain('docker-credential-test');
    expect(outcome.stderr).not.toContain(SECRET);
  });

  it('that has an identity token does not show it', async () => {
    await helper(`echo '{"Username":"<token>","Secret":"${SECRET}"}'`);
    const outcome = await push();
    // This registry has no tokens.
    expectFailure(outcome, 5, /./);
    expect(outcome.stderr).not.toContain(SECRET);
  });

  it('that hangs ends with the build', async () => {
    await helper('exec sleep 100');
    await shell.file('config.json', JSON.stringify(config));
    const path = `${shell.folder}:${process.env['PATH']}`;
    const env = { DOCKER_CONFIG: shell.folder, PATH: path };
    const input = await contextOf({ Dockerfile: 'FROM scratch\nCOPY app /\n', app: 'a' });
    const args = ['--engine', engine, '-t', `${address}/${shell.name()}:1`, '--push'];
    const running = shell.start(['dockerception', ...args], {
      env: { ...env, PATH: `${shell.folder}/../bin:${path}` },
      input,
    });
    while ((await asked()).length === 0) await new Promise((done) => setTimeout(done, 50));
    running.signal('SIGINT');
    // With an engine the image has its name by then, and a signal no longer changes the result.
    expect((await running.done).code).toBe(engine === 'embedded' ? 130 : 5);
  });
});
