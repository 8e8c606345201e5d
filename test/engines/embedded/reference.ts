/** What BuildKit makes of a Dockerfile alone: the configuration and history of its image, or why not. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ImageConfig } from '../../../src/image/config.js';
import type { Descriptor } from '../../../src/image/descriptor.js';
import { engines } from '../engines.js';

/** An image's configuration, or the last line of what failed. */
export type Reference =
  | { readonly config: ImageConfig; readonly error?: undefined }
  | { readonly error: string; readonly config?: undefined };

/** Builds with docker28's BuildKit; nothing is left in its image store. */
export async function buildReference(
  dockerfile: string | Buffer,
  args: readonly string[] = [],
): Promise<Reference> {
  const folder = await mkdtemp(join(tmpdir(), 'dockerception-reference-'));
  try {
    const output = `type=oci,tar=false,dest=${join(folder, 'out')}`;
    const options = ['--progress', 'plain', '--provenance=false', '-o', output];
    const child = spawn(engines.docker28.cli, ['buildx', 'build', ...options, ...args, '-'], {
      env: {
        ...process.env,
        DOCKER_HOST: engines.docker28.host,
        DOCKER_CONFIG: engines.docker28.dockerConfig,
      },
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    child.stdin.end(dockerfile);
    const [log, code] = await Promise.all([
      text(child.stderr),
      new Promise((resolve) => child.on('close', resolve)),
    ]);
    if (code === 0) return { config: await configOf(join(folder, 'out')) };
    return {
      error:
        log
          .trim()
          .split('\n')
          .findLast((line) => line.startsWith('ERROR')) ?? log,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function configOf(layout: string): Promise<ImageConfig> {
  const json = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(join(layout, path), 'utf8'));
  const blob = ({ digest }: Descriptor): Promise<unknown> =>
    json(`blobs/${digest.replace(':', '/')}`);
  const index = (await json('index.json')) as { manifests: [Descriptor] };
  const manifest = (await blob(index.manifests[0])) as { config: Descriptor };
  return (await blob(manifest.config)) as ImageConfig;
}
