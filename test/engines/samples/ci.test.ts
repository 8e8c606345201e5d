/** samples/ci: each file is run as its runner or its shell would run it, beside samples/dockerception. */
import { cp, mkdir, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJob } from '../../support/github/files.js';
import { openRunner } from '../../support/github/runner.js';
import { readPipeline, scriptOf, variablesOf } from '../../support/gitlab.js';
import { ROOT } from '../commands.js';
import { engines, run, variantOf } from '../engines.js';
import { type Given, imageIdOf, type Shell } from '../support.js';
import { openSample, SAMPLES, succeeds } from './sample.js';

const github = await readJob(join(SAMPLES, 'ci/github.yml'));
const gitlab = readPipeline(join(SAMPLES, 'ci/gitlab-ci.yml'));

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
    npm_config_update_notifier: 'false',
  };
}

describe('the samples for continuous integration', () => {
  const variant = variantOf('docker20 BuildKit');
  const { address, username, password } = engines.registryAuth;
  let shell: Shell;
  let image: string;
  let home: string;
  /** A path beside the shell's folder. */
  const beside = (name: string): string => join(shell.folder, '..', name);
  beforeAll(async () => {
    shell = await openSample('dockerception', variant);
    await cp(join(SAMPLES, 'ci'), shell.folder, { recursive: true });
    image = `${address}/${shell.name()}`;
    home = beside('home');
    await mkdir(home);
  });
  afterAll(async () => {
    await shell.run('docker rmi -f builder app app-builder');
    await shell.close();
  });

  const startsApp = async (name: string): Promise<void> => {
    const config = await succeeds(shell.run(`${engines.crane} config --insecure ${name}`, login()));
    expect((JSON.parse(config) as { config: { Cmd: string[] } }).config.Cmd).toEqual(['/bin/app']);
  };
  /** What a shell has after `docker login`. */
  const login = (): Given => ({ litters: true, env: { HOME: home, DOCKER_CONFIG: undefined } });

  it('GitHub: the workflow, with the action as GitHub downloads it', async () => {
    const action = beside('action');
    await mkdir(action);
    const files = 'git ls-files -z -co --exclude-standard';
    await succeeds(shell.run(`cd ${ROOT} && ${files} | tar -c --null -T - | tar -x -C ${action}`));
    // The PATH has docker alone: dockerception comes from the action.
    await mkdir(beside('docker'));
    await symlink(beside('bin/docker'), beside('docker/docker'));
    const path = `${beside('docker')}:${process.env['PATH']}`;
    const env = {
      ...variant.env,
      ...(await networkOfNpm()),
      HOME: home,
      PATH: path,
      DOCKER_CONFIG: undefined,
    };
    await mkdir(beside('runner'));
    const runner = openRunner({ workspace: shell.folder, temporary: beside('runner'), env });
    const contexts = {
      github: { repository: 'o/r', sha: '1', actor: username },
      secrets: { GITHUB_TOKEN: password },
    };
    const skipped: string[] = [];
    const job = { ...github, env: { IMAGE: () => `${image}:github` } };
    const result = await runner.job(job, contexts, (uses) => {
      if (uses.startsWith('OWNER/dockerception@')) return action;
      skipped.push(uses.replace(/@.*/, ''));
      return undefined;
    });
    expect(result.code, result.log).toBe(0);
    expect(skipped).toEqual(['actions/checkout', 'actions/setup-node', 'actions/upload-artifact']);
    expect(github.env['IMAGE']?.(contexts)).toBe('ghcr.io/o/r:1');
    expect(result.commands).toEqual([]);
    expect(result.summary).toContain('github');
    await startsApp(`${image}:github`);
  });

  /** What npm install gets: what this working copy has. */
  const packed = async (tag: string): Promise<Given> => {
    const pack = `npm pack --silent --ignore-scripts --pack-destination "$OLDPWD"`;
    const archive = await succeeds(shell.run(`cd ${ROOT} && ${pack}`, { litters: true }));
    const variables = variablesOf(gitlab, {
      CI_REGISTRY: address,
      CI_REGISTRY_IMAGE: image,
      CI_REGISTRY_USER: username,
      CI_REGISTRY_PASSWORD: password,
      CI_COMMIT_SHORT_SHA: tag,
      DOCKERCEPTION: `./${archive.trim()}`,
    });
    const path = `${beside('npm/bin')}:${beside('docker')}:${process.env['PATH']}`;
    return {
      litters: true,
      env: {
        ...(await networkOfNpm()),
        ...variables,
        HOME: home,
        PATH: path,
        DOCKER_CONFIG: undefined,
        npm_config_prefix: beside('npm'),
      },
    };
  };

  it.each([
    ['with-engine', {}],
    // No login but the job's own.
    ['without-engine', { DOCKER_HOST: undefined, HOME: '/nonexistent' }],
  ])('GitLab: the job %s', async (name, change) => {
    const job = gitlab.jobs[name];
    if (job === undefined) throw new Error(`there is no job ${name}`);
    const given = await packed(name);
    const env = { ...given.env, ...change };
    await succeeds(shell.run(`exec bash <<'SCRIPT'\n${scriptOf(job)}SCRIPT`, { ...given, env }));
    await startsApp(`${image}:${name}`);
    const version = await succeeds(shell.run(`${beside('npm/bin')}/dockerception --version`));
    expect(version).toBe(await succeeds(shell.tool(['--version'])));
    await rm(beside('npm'), { recursive: true });
  });

  it('GitLab: there are no other jobs', () => {
    expect(Object.keys(gitlab.jobs)).toEqual(['with-engine', 'without-engine']);
  });

  it.each(['image', 'image-with-a-pipe', 'image.tar', 'push'])(
    'Makefile: make %s',
    async (target) => {
      const made = `make -s ${target} IMAGE=${image}:make | tail -n 1`;
      imageIdOf(await shell.run(made, login()));
    },
  );
});
