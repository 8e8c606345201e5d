/** What the tests of BuildKit have in common: the engine whose BuildKit they use, and its registry. */
import { afterAll, beforeAll, expect } from 'vitest';
import { engines, variantOf } from '../engines.js';
import { openShell, type Shell } from '../support.js';
import { type RemoteBuildKit, serveBuildKit } from './bridge.js';

export const docker28 = variantOf('docker28 BuildKit');

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

/** The same, and a builder of buildx with that BuildKit, by its name. */
export function useBuilder(
  use: (opened: {
    readonly shell: Shell;
    readonly buildkit: RemoteBuildKit;
    readonly builder: string;
  }) => void,
): void {
  let shell: Shell;
  let buildkit: RemoteBuildKit;
  useBuildKit((opened) => ({ shell, buildkit } = opened));
  let builder: string;
  beforeAll(async () => {
    builder = shell.name();
    const create = `docker buildx create --name ${builder} --driver remote ${buildkit.address}`;
    expect(await shell.run(create, { litters: true })).toMatchObject({ code: 0 });
    use({ shell, buildkit, builder });
  });
  afterAll(() => shell.run(`docker buildx rm ${builder}`, { litters: true }));
}
