/** The table of docker's options is compared with the help of the real command lines. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { DOCKER_OPTIONS } from '../../../src/cli/arguments/docker-options.js';
import { OPTIONS } from '../../../src/cli/arguments/flags.js';
import { engines } from '../engines.js';

/** Options by their names, with their letters, as a help text lists them. */
function optionsOf(
  cli: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Map<string, string> {
  const options = { env: { ...process.env, ...env }, encoding: 'utf8' as const };
  const help = execFileSync(cli, [...args, '--help'], options);
  const rows = [...help.matchAll(/^ {2}(?:-(\w), | {4})--([\w-]+)/gm)];
  return new Map(rows.map(([, short = '', name = '']) => [name, short]));
}

const { docker20, docker28 } = engines;
const DOCKER_CONFIG = docker28.dockerConfig;

describe('the options of', () => {
  it.each([
    ['docker build 20.10', docker20.cli, ['build'], { DOCKER_BUILDKIT: '0' }],
    ['docker build 20.10 with BuildKit', docker20.cli, ['build'], { DOCKER_BUILDKIT: '1' }],
    [
      'docker build 28 without BuildKit',
      docker28.cli,
      ['build'],
      { DOCKER_CONFIG, DOCKER_BUILDKIT: '0' },
    ],
    ['docker buildx build', docker28.cli, ['buildx', 'build'], { DOCKER_CONFIG }],
  ])('%s are all known here, with their letters', (_, cli, args, env) => {
    const theirs = optionsOf(cli, args, env);
    expect(theirs.size).toBeGreaterThanOrEqual(20);
    const own = OPTIONS.filter(({ verbs }) => verbs.includes('build'));
    const known = new Map<string, string | undefined>(
      [...own, ...DOCKER_OPTIONS].map(({ name, short }) => [name, short]),
    );
    expect([...theirs.keys()].filter((name) => !known.has(name))).toEqual([]);
    // -c is the --change of docker import.
    const letters = [...theirs].filter(([name, short]) => short !== '' && name !== 'cpu-shares');
    expect(letters.filter(([name, short]) => known.get(name) !== short)).toEqual([]);
  });

  it('docker 28 hold everything in the table', () => {
    const all = new Map([
      ...optionsOf(docker28.cli, ['build'], { DOCKER_CONFIG, DOCKER_BUILDKIT: '0' }),
      ...optionsOf(docker28.cli, ['buildx', 'build'], { DOCKER_CONFIG }),
    ]);
    expect(DOCKER_OPTIONS.map(({ name }) => name).filter((name) => !all.has(name))).toEqual([]);
  });
});
