/** samples/ci: each script part is run as its shell would run it, beside samples/dockerception. */
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../commands.js';
import { engines, run, variants } from '../engines.js';
import { type Given, imageIdOf, type Shell } from '../support.js';
import { openSample, SAMPLES, succeeds } from './sample.js';

const github = await readFile(join(SAMPLES, 'ci/github.yml'), 'utf8');
const gitlab = await readFile(join(SAMPLES, 'ci/gitlab-ci.yml'), 'utf8');

/** What npm needs to reach its registry from here, with another HOME and another prefix. */
async function networkOfNpm(): Promise<Record<string, string | undefined>> {
  const names = Object.keys(process.env).filter((name) => /_proxy$|_CERTS?$|_CERT_/i.test(name));
  const { stdout } = await run('npm', ['config', 'get', 'globalconfig']);
  return {
    ...Object.fromEntries(names.map((name) => [name, process.env[name]])),
    npm_config_globalconfig: stdout.trim(),
    npm_config_userconfig: join(homedir(), '.npmrc'),
    npm_config_prefer_offline: 'true',
    npm_config_cache: join(homedir(), '.npm'),
  };
}

/** GitHub's `run:` lines: each is a script of its own. */
const steps = [...github.matchAll(/^ +run: (\S.*)$/gm)].map((match) => match[1] ?? '');

/** GitLab's jobs: the lines of before_script and script are one script. */
const jobs = [
  ...gitlab.matchAll(/^([\w-]+):\n((?: .*\n)*? {2}before_script:\n(?: .*\n|$)+)/gm),
].map(([, name = '', body = '']) => ({
  name,
  script: [...body.matchAll(/^ {4}- (.*)$/gm)].map((match) => match[1] ?? ''),
}));

describe('the samples for continuous integration', () => {
  const variant = variants.find(({ name }) => name === 'docker20 BuildKit');
  if (variant === undefined) throw new Error('there is no Docker 20.10');
  const { address, username, password } = engines.registryAuth;
  let shell: Shell;
  let given: Given;
  let image: string;
  beforeAll(async () => {
    shell = await openSample('dockerception', variant);
    await cp(join(SAMPLES, 'ci'), shell.folder, { recursive: true });
    image = `${address}/${shell.name()}:1`;
    // What npm install gets: what this working copy has.
    const pack = `npm pack --silent --ignore-scripts --pack-destination "$OLDPWD"`;
    const archive = (await succeeds(shell.run(`cd ${ROOT} && ${pack}`, { litters: true }))).trim();
    const home = join(shell.folder, '../home');
    await mkdir(home);
    given = {
      litters: true,
      env: {
        HOME: home,
        DOCKER_CONFIG: undefined,
        IMAGE: image,
        // GitHub
        USERNAME: username,
        PASSWORD: password,
        // GitLab
        CI_REGISTRY: address,
        CI_REGISTRY_USER: username,
        CI_REGISTRY_PASSWORD: password,
        DOCKERCEPTION: `./${archive}`,
        npm_config_prefix: join(shell.folder, '../npm'),
        ...(await networkOfNpm()),
        npm_config_update_notifier: 'false',
      },
    };
  });
  afterAll(async () => {
    await shell.run('docker rmi -f builder app app-builder');
    await shell.close();
  });

  it('are found', () => {
    expect(steps.length).toBe(5);
    expect(jobs.map(({ name, script }) => [name, script.length])).toEqual([
      ['with-engine', 3],
      ['without-engine', 5],
    ]);
  });

  it.each(steps)('GitHub: %s', async (text) => {
    await succeeds(shell.run(`set -e\n${text}`, given));
  });

  it.each(jobs)('GitLab: the job $name', async ({ script }) => {
    // The same line as GitHub's, which has been run, and takes npm its time.
    expect(script[0]).toBe(steps[0]);
    await succeeds(shell.run(['set -e', ...script.slice(1)].join('\n'), given));
    const config = await succeeds(shell.run(`${engines.crane} config --insecure ${image}`, given));
    expect((JSON.parse(config) as { config: { Cmd: string[] } }).config.Cmd).toEqual(['/bin/app']);
  });

  it('GitHub and GitLab install what package.json names', async () => {
    const prefix = given.env?.['npm_config_prefix'] ?? '';
    const version = await succeeds(shell.run(`${prefix}/bin/dockerception --version`));
    expect(version).toBe(await succeeds(shell.tool(['--version'])));
    await rm(prefix, { recursive: true });
  });

  it.each(['image', 'image-with-a-pipe', 'image.tar', 'push'])(
    'Makefile: make %s',
    async (target) => {
      const made = `make -s ${target} IMAGE=${image.replace(':1', ':make')} | tail -n 1`;
      imageIdOf(await shell.run(made, given));
    },
  );
});
