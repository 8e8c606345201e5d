/** What this project's stores write is taken by everybody who reads images, under its right name. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ArchiveStore } from '../../../src/image/archive/archive-store.js';
import { LayoutStore } from '../../../src/image/layout/layout-store.js';
import type { AssembledImage } from '../../../src/image/manifest.js';
import { engines, uniqueTag } from '../engines.js';
import { make, OWN } from './made.js';
import { loaders, type Namespace, namespace, tool } from './readers.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Writes an archive; `finish` with these names. */
async function archive(
  word: string,
  names: readonly string[],
  ...how: [compression?: 'none' | 'gzip', architectures?: readonly string[]]
): Promise<{ readonly file: string; readonly image: AssembledImage }> {
  const file = join(folder, `${word}.tar`);
  const store = await ArchiveStore.create(file);
  try {
    const image = await make(store, word, ...how);
    await store.finish(image, names);
    return { file, image };
  } finally {
    await store.close();
  }
}

const skopeo = (...args: string[]): Promise<string> =>
  tool(engines.skopeo, ['--insecure-policy', ...args]);
const FOREIGN = OWN === 'arm64' ? 'amd64' : 'arm64';
/** What is written in each of these ways is taken. */
const WAYS = [
  ['not compressed', 'none', [OWN]],
  ['compressed with gzip', 'gzip', [OWN]],
  ['for two platforms', 'none', [FOREIGN, OWN]],
] as const;

describe.each(WAYS)('an archive %s', (_way, compression, architectures) => {
  const name = uniqueTag();
  const word = name.slice(-12);
  const full = `docker.io/library/${name}:v1`;
  let file: string;
  let image: AssembledImage;
  beforeAll(async () => {
    ({ file, image } = await archive(word, [`${name}:v1`], compression, architectures));
  });

  it.each(Object.entries(loaders))('is loaded and run by %s', async (engine, { load, run }) => {
    try {
      expect(await load(file)).toContain(
        `Loaded image: ${engine.startsWith('podman') ? full : `${name}:v1`}\n`,
      );
      expect(await run('run', '--rm', `${name}:v1`)).toBe(`${word} ${OWN}\n`);
      const id = (await run('images', '--no-trunc', '-q', `${name}:v1`)).trim();
      const own = image.images.find(({ descriptor }) => descriptor.platform?.architecture === OWN);
      // The containerd image store knows an image by its manifest or index.
      expect(id).toBe(
        engine === 'docker28' ? image.descriptor.digest : own?.manifest.config.digest,
      );
    } finally {
      await run('rmi', '-f', `${name}:v1`);
    }
  });

  it.each([
    ['oci-archive:', ''],
    ['oci-archive:', ':v1'],
    ['docker-archive:', ''],
    ['docker-archive:', `:${name}:v1`],
    ['docker-archive:', `:${full}`],
  ])('is inspected and copied by skopeo as %sFILE%s', async (transport, rest) => {
    const from = `${transport}${file}${rest}`;
    const config = JSON.parse(await skopeo('inspect', '--config', from)) as object;
    expect(config).toMatchObject({ architecture: OWN, config: { Cmd: ['/bin/echo', word, OWN] } });
    const copied = join(folder, 'copied');
    await rm(copied, { recursive: true, force: true });
    await skopeo('copy', '-q', from, `oci:${copied}:x`);
    expect(await readFile(join(copied, 'index.json'), 'utf8')).toContain('"x"');
  });

  it.each(['docker20', 'docker28'] as const)('is imported by the ctr of %s', async (engine) => {
    const space: Namespace = namespace(engine, name);
    try {
      await space.ctr('images', 'import', file);
      expect((await space.ctr('images', 'ls', '-q')).trim()).toBe(full);
      expect(await space.ctr('images', 'ls')).toContain(image.descriptor.digest);
      expect(await space.ctr('images', 'check')).toContain('complete');
    } finally {
      await space.remove();
    }
  });

  it('is valid to crane', async () => {
    // Of a tarball it says so on standard error; only its exit code counts.
    await tool(engines.crane, ['validate', '--tarball', file]);
    await tool(engines.crane, ['validate', '--tarball', file, '--fast']);
  });

  it('is a tar to bsdtar and GNU tar', async () => {
    const listed = await tool('tar', ['-tf', file]);
    expect(await tool('bsdtar', ['-tf', file])).toBe(listed);
    expect(listed.split('\n')).toContain('manifest.json');
  });
});

describe('an archive with several names', () => {
  const name = uniqueTag();
  const word = name.slice(-12);
  const names = [`${name}:v1`, `localhost:5000/x/${name}:v2`];
  const full = [`docker.io/library/${name}:v1`, `localhost:5000/x/${name}:v2`];
  let file: string;
  beforeAll(async () => {
    ({ file } = await archive(word, names));
  });

  it.each(Object.entries(loaders))('has all of them in %s', async (engine, { load, run }) => {
    try {
      const loaded = await load(file);
      for (const each of engine.startsWith('podman') ? full : names)
        expect(loaded).toContain(`Loaded image: ${each}\n`);
    } finally {
      await run('rmi', '-f', ...names);
    }
  });

  it('has all of them for ctr, and for skopeo, which wants one of them in an oci-archive', async () => {
    const space = namespace('docker28', name);
    try {
      await space.ctr('images', 'import', file);
      expect((await space.ctr('images', 'ls', '-q')).trim().split('\n')).toEqual(full);
    } finally {
      await space.remove();
    }
    for (const from of [
      `oci-archive:${file}:v1`,
      `oci-archive:${file}:v2`,
      `docker-archive:${file}`,
    ])
      expect(await skopeo('inspect', from)).toContain('"Created"');
    await expect(skopeo('inspect', `oci-archive:${file}`)).rejects.toThrow('more than one image');
  });
});

describe('an archive without a name', () => {
  it.each(Object.entries(loaders))(
    'is loaded by %s and goes by its ID',
    async (_e, { load, run }) => {
      const word = uniqueTag().slice(-12);
      const { file, image } = await archive(word, []);
      const loaded = await load(file);
      const id = /sha256:[0-9a-f]{64}/.exec(loaded)?.[0] ?? 'none';
      try {
        expect([image.descriptor.digest, image.images[0]?.manifest.config.digest]).toContain(id);
        expect(await run('run', '--rm', id)).toBe(`${word} ${OWN}\n`);
      } finally {
        await run('rmi', '-f', id);
      }
    },
  );

  it('is read by skopeo either way', async () => {
    const { file } = await archive(uniqueTag().slice(-12), []);
    for (const from of [`oci-archive:${file}`, `docker-archive:${file}`])
      expect(await skopeo('inspect', from)).toContain('"Created"');
  });
});

describe('a layout folder', () => {
  let layout: string;
  const word = uniqueTag().slice(-12);
  beforeEach(async () => {
    layout = join(folder, 'layout');
    for (const tag of ['v1', 'v2']) {
      const store = await LayoutStore.create(layout);
      await store.finish(await make(store, `${word}-${tag}`), [`app:${tag}`]);
      await store.close();
    }
  });
  afterEach(() => rm(layout, { recursive: true, force: true }));

  it('is inspected and copied by skopeo, one image or the other', async () => {
    for (const tag of ['v1', 'v2']) {
      expect(await skopeo('inspect', '--config', `oci:${layout}:${tag}`)).toContain(
        `${word}-${tag}`,
      );
      await skopeo('copy', '-q', `oci:${layout}:${tag}`, `oci:${join(folder, 'copied')}:${tag}`);
    }
  });

  it('is unpacked by umoci', async () => {
    const bundle = join(folder, 'bundle');
    await tool(engines.umoci, ['unpack', '--image', `${layout}:v2`, bundle]);
    expect((await readFile(join(bundle, 'rootfs/bin/busybox'))).length).toBeGreaterThan(100_000);
    expect(await readFile(join(bundle, 'config.json'), 'utf8')).toContain(`${word}-v2`);
    const listed = await tool(engines.umoci, ['ls', '--layout', layout]);
    expect(listed.trim().split('\n').sort()).toEqual(['v1', 'v2']);
  });
});
