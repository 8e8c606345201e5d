/** Who reads image archives and layouts: what each does with one, and how to get rid of it again. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { engines, listAgain } from '../engines.js';

const exec = promisify(execFile);

/** Runs a program with a home of its own, and gives what it prints on standard output. */
export async function tool(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'dockerception-home-'));
  try {
    const { stdout } = await exec(program, args, {
      env: { PATH: process.env['PATH'], HOME: home, TMPDIR: home, ...env },
      maxBuffer: 1 << 24,
    });
    return stdout;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** An engine's command line. */
type Command = (...args: string[]) => Promise<string>;

/** An engine that loads and saves archives. */
export interface Loader {
  readonly run: Command;
  /** What `load` prints. */
  readonly load: (file: string) => Promise<string>;
  readonly save: (file: string, ...args: string[]) => Promise<void>;
}

/** Through a pipe: rootless Podman's user sees no file of the test. */
function loader(
  program: string,
  args: readonly string[],
  env?: Readonly<Record<string, string>>,
): Loader {
  const shell = (script: string, file: string, more: readonly string[]): Promise<string> =>
    tool('sh', ['-c', `file=$1; shift; ${script}`, 'sh', file, program, ...args, ...more], env);
  return {
    run: (...more) => {
      const run = (): Promise<string> => tool(program, [...args, ...more], env);
      return more[0] === 'images' ? listAgain(run) : run();
    },
    load: (file) => shell('exec "$@" <"$file"', file, ['load']),
    save: async (file, ...more) =>
      void (await shell('"$@" | cat >"$file"', file, ['save', ...more])),
  };
}

const docker = (engine: 'docker20' | 'docker28'): Loader =>
  loader(engines[engine].cli, ['-H', engines[engine].host], {
    DOCKER_CONFIG: engines.docker28.dockerConfig,
  });

/** Every engine that loads archives. */
export const loaders = {
  docker20: docker('docker20'),
  docker28: docker('docker28'),
  podman: loader(engines.podman.cli, []),
  podmanRootless: loader(engines.podmanRootless.cli, []),
};

/** A namespace of a containerd that a test has for itself. */
export interface Namespace {
  /** `ctr` in it. */
  readonly ctr: Command;
  /** Removes it with all that is in it. */
  remove(): Promise<void>;
}

/** `ctr` of an engine, in a namespace that goes with the test. */
export function namespace(engine: 'docker20' | 'docker28', name: string): Namespace {
  const { ctr: program, containerd } = engines[engine];
  const ctr: Command = (...args) => tool(program, ['-a', containerd, '-n', name, ...args]);
  return {
    ctr,
    async remove() {
      const images = (await ctr('images', 'ls', '-q')).split('\n').filter(Boolean);
      if (images.length > 0) await ctr('images', 'rm', '--sync', ...images);
      // Leases keep what no image names.
      const leases = (await ctr('leases', 'ls', '-q')).split('\n').filter(Boolean);
      for (const lease of leases) await ctr('leases', 'rm', '--sync', lease);
      for (const blob of (await ctr('content', 'ls', '-q')).split('\n').filter(Boolean))
        await ctr('content', 'rm', blob).catch(() => undefined);
      await ctr('namespaces', 'rm', name);
    },
  };
}
