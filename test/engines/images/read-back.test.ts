/** What others write is read: `docker save` of two generations, Podman, skopeo, crane. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, digestOfStream } from '../../../src/image/digest.js';
import { type DiskImageUrl, openImage } from '../../../src/image/image-url.js';
import { hostPlatform } from '../../../src/image/platform.js';
import { engines, uniqueTag } from '../engines.js';
import { baseLayer } from './made.js';
import { loaders, tool } from './readers.js';

let folder: string;
let diffId: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  diffId = digestOf(await baseLayer());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Reads every layer of an image to its end, checked as it is read. */
async function layersOf(scheme: DiskImageUrl['scheme'], rest: string): Promise<readonly string[]> {
  const { config, layers, blobs, close } = await openImage({ scheme, rest }, hostPlatform());
  try {
    for (const layer of layers)
      expect(await digestOfStream(await blobs.open(layer))).toBe(layer.digest);
    return config.rootfs.diff_ids;
  } finally {
    await close?.();
  }
}

const at = (name: string): string => join(folder, name);
const skopeo = (...args: string[]): Promise<string> =>
  tool(engines.skopeo, ['--insecure-policy', 'copy', '-q', ...args]);

describe('an image archive', () => {
  it.each(['docker20', 'docker28', 'podman', 'podmanRootless'] as const)(
    'of save by %s is read, compressed too, under each spelling of its name',
    async (engine) => {
      const file = at(`${engine}.tar`);
      await loaders[engine].save(file, engines.base);
      await tool('gzip', ['-k', file]);
      for (const rest of [
        '',
        ':latest',
        `:${engines.base}`,
        `:docker.io/library/${engines.base}`,
      ]) {
        expect(await layersOf('docker-archive', file + rest)).toEqual([diffId]);
        expect(await layersOf('oci-archive', file + rest)).toEqual([diffId]);
      }
      expect(await layersOf('docker-archive', `${file}.gz`)).toEqual([diffId]);
      await expect(layersOf('docker-archive', `${file}:other`)).rejects.toMatchObject({
        code: 'IMAGE_NOT_FOUND',
        hint: expect.stringContaining(engines.base) as string,
      });
    },
  );

  it('of podman save as oci-archive is read', async () => {
    const file = at('podman-oci.tar');
    await loaders.podman.save(file, '--format', 'oci-archive', engines.base);
    for (const rest of ['', ':latest', `:${engines.base}`, `:docker.io/library/${engines.base}`])
      expect(await layersOf('oci-archive', file + rest)).toEqual([diffId]);
  });

  it('of several images by the classic docker save, whose layers are links, is read by name', async () => {
    const name = uniqueTag();
    const { run, save } = loaders.docker20;
    const file = at('several.tar');
    try {
      const container = (await run('create', engines.base, 'true')).trim();
      await run('commit', container, name);
      await run('rm', container);
      await save(file, engines.base, name);
    } finally {
      await run('rmi', name);
    }
    await expect(layersOf('docker-archive', file)).rejects.toMatchObject({
      code: 'IMAGE_AMBIGUOUS',
    });
    expect(await layersOf('docker-archive', `${file}:${engines.base}`)).toEqual([diffId]);
    expect((await layersOf('docker-archive', `${file}:${name}`))[0]).toBe(diffId);
  });

  it('of crane, with compressed layers, is read', async () => {
    const image = `${engines.registry.address}/base:latest`;
    await tool(engines.crane, ['pull', '--insecure', image, at('crane.tar')]);
    expect(await layersOf('docker-archive', at('crane.tar'))).toEqual([diffId]);
    await tool(engines.crane, ['pull', '--insecure', '--format', 'oci', image, at('crane')]);
    expect(await layersOf('oci-layout', at('crane'))).toEqual([diffId]);
  });

  it('of skopeo is read, in each of its forms', async () => {
    const from = `docker-archive:${engines.baseTar}`;
    await skopeo(from, `docker-archive:${at('skopeo.tar')}:app:1`);
    await skopeo(from, `oci-archive:${at('skopeo-oci.tar')}:app:1`);
    await skopeo(from, `oci:${at('skopeo')}:one`);
    await skopeo(from, `oci:${at('skopeo')}:two`);
    for (const rest of ['', ':app:1', ':1', ':docker.io/library/app:1'])
      expect(await layersOf('docker-archive', at('skopeo.tar') + rest)).toEqual([diffId]);
    for (const rest of ['', ':app:1'])
      expect(await layersOf('oci-archive', at('skopeo-oci.tar') + rest)).toEqual([diffId]);
    for (const rest of ['', ':one', ':two'])
      expect(await layersOf('oci-layout', at('skopeo') + rest)).toEqual([diffId]);
  });
});
