/** What the tests of BuildKit have in common: the engine whose BuildKit they use, and its registry. */
import { afterAll, beforeAll } from 'vitest';
import { engines, variants } from '../engines.js';
import { openShell, type Shell } from '../support.js';
import { type RemoteBuildKit, serveBuildKit } from './bridge.js';

const found = variants.find(({ name }) => name === 'docker28 BuildKit');
if (found === undefined) throw new Error('there is no docker28');
export const docker28 = found;

/** The tags of a repository; undefined if the registry does not have it. */
export async function tagsOf(name: string): Promise<unknown> {
  const answer = await fetch(`http://${engines.registry.address}/v2/${name}/tags/list`);
  return answer.ok ? ((await answer.json()) as { tags: unknown }).tags : undefined;
}

/** Opens a shell with the engine, and its BuildKit at an address, for the tests of a block or a file. */
export function useBuildKit(
  use: (opened: { readonly shell: Shell; readonly buildkit: RemoteBuildKit }) => void,
): void {
  let shell: Shell | undefined;
  let buildkit: RemoteBuildKit | undefined;
  beforeAll(async () => {
    shell = await openShell(docker28);
    buildkit = await serveBuildKit(docker28.host);
    use({ shell, buildkit });
  });
  afterAll(async () => {
    await buildkit?.close();
    await shell?.close();
  });
}
