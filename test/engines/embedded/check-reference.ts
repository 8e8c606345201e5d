/** The warnings of `docker buildx build --check` with docker28's BuildKit. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RULES } from '../../../src/dockerfile/warnings/rules.js';
import { writeContext } from '../../engine/embedded/stages/warned-build.js';
import type { WarningCase } from '../../engine/embedded/stages/warning-cases.js';
import { engines } from '../engines.js';

interface Report {
  readonly warnings:
    | readonly {
        readonly ruleName: string;
        readonly detail: string;
        readonly location: {
          readonly ranges: readonly { readonly start: { readonly line: number } }[];
        };
      }[]
    | null;
}

/** Returns the warnings of the rules that the embedded engine has, as `RULE:LINE: MESSAGE`, sorted. */
export async function checkReference({
  dockerfile,
  ignore,
  buildArgs = {},
  target,
}: Omit<WarningCase, 'title' | 'warnings'>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dockerception-check-'));
  try {
    await writeContext(folder, dockerfile, ignore);
    // BuildKit 0.25 has CopyIgnoredFile among the experimental rules.
    const experimental = { BUILDKIT_DOCKERFILE_CHECK: 'experimental=CopyIgnoredFile' };
    const args = Object.entries(ignore === undefined ? buildArgs : experimental).flatMap(
      ([key, value]) => ['--build-arg', `${key}=${value}`],
    );
    const stage = target === undefined ? [] : ['--target', target];
    const command = ['buildx', 'build', '--call=check,format=json', ...args, ...stage, folder];
    const env = {
      ...process.env,
      DOCKER_HOST: engines.docker28.host,
      DOCKER_CONFIG: engines.docker28.dockerConfig,
    };
    // The exit code is 1 if there are warnings.
    const { stdout } = await promisify(execFile)(engines.docker28.cli, command, { env }).catch(
      (error: { stdout: string }) => error,
    );
    const { warnings } = JSON.parse(stdout) as Report;
    return (warnings ?? [])
      .filter(({ ruleName }) => Object.hasOwn(RULES, ruleName))
      .map(
        ({ ruleName, detail, location }) =>
          `${ruleName}:${location.ranges[0]?.start.line}: ${detail}`,
      )
      .sort();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
