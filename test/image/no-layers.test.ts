/** Images without layers, and layers without contents, in every form that an image has. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build } from '../../src/build.js';
import type { ImageConfig } from '../../src/image/config.js';
import { inspect } from '../../src/inspect/inspect.js';
import {
  archiveOf,
  blobsOf,
  configOf,
  crane,
  type Described,
  digest,
  docker20,
  docker28,
  type Files,
  index,
  layoutFiles,
  ownNames,
  podman,
} from '../support/inspect/image-forms.js';
import { inspected } from '../support/inspect/scan.js';
import { member, tar } from '../support/write-tar.js';
import { fakeRegistry } from './registry/fake.js';

const lists = 'Env Entrypoint Cmd Volumes Labels OnBuild ExposedPorts Shell Healthcheck'.split(' ');
const config = {
  created: null,
  history: null,
  'os.features': null,
  config: { ...Object.fromEntries(lists.map((name) => [name, null])), User: '1000' },
};
const image: Described = { layers: [], nil: true, config };
const FORMS: Readonly<Record<string, Files>> = {
  'oci-archive': layoutFiles(image),
  'docker-archive of Docker 20.10': docker20(image),
  'docker-archive of Docker 28': docker28(image),
  'docker-archive of podman': podman(image),
  'docker-archive of crane': crane(image),
  'docker-archive with names of its own': ownNames(image),
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Files, name: string): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    const at = join(folder, name, path);
    await mkdir(dirname(at), { recursive: true });
    await writeFile(at, content as string | Buffer);
  }
  return join(folder, name);
}

/** Builds on `base` and returns the configuration of the image. */
async function builtUpon(base: string, insecure = false): Promise<ImageConfig> {
  const context = tar(
    member({ name: 'Dockerfile', body: 'FROM base\nCOPY app /app\n' }),
    member({ name: 'app', body: 'app' }),
  );
  await build({
    context: Readable.from([context]),
    engine: 'embedded',
    env: {},
    insecure,
    outputs: [{ type: 'oci', dest: join(folder, 'out'), attributes: { tar: 'false' } }],
    buildContexts: { base },
  });
  const read = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, 'out', path), 'utf8'));
  const blob = (name: string): string => `blobs/sha256/${name.slice('sha256:'.length)}`;
  const { manifests } = (await read('index.json')) as { manifests: [{ digest: string }] };
  const manifest = (await read(blob(manifests[0].digest))) as { config: { digest: string } };
  return (await read(blob(manifest.config.digest))) as ImageConfig;
}

const BUILT = { config: { User: '1000' }, rootfs: { diff_ids: [expect.any(String) as string] } };

describe.each(Object.entries(FORMS))('an image whose lists are null: %s', (name, files) => {
  it('is inspected as an image without layers', async () => {
    const found = await inspected(archiveOf(files), { chunk: 513 });
    expect(found).toMatchObject({ kind: 'image', layers: [], image: { platform: 'linux/amd64' } });
  });

  it('is a base', async () => {
    const path = join(folder, 'base.tar');
    await writeFile(path, archiveOf(files));
    expect(await builtUpon(`${name.split(' ')[0] ?? ''}://${path}`)).toMatchObject(BUILT);
  });
});

describe('an image whose lists are null, elsewhere', () => {
  it('is read from a layout, inspected and built upon', async () => {
    const path = await write(layoutFiles(image), 'layout');
    expect(await inspect({ target: path })).toMatchObject({ kind: 'image', layers: [] });
    expect(await builtUpon(`oci-layout://${path}`)).toMatchObject(BUILT);
  });

  it.each([true, false])('is pulled from a registry, with a media type: %s', async (typed) => {
    const registry = await fakeRegistry();
    try {
      const { blobs, descriptor } = blobsOf(image);
      const { digest: name, mediaType } = descriptor as { digest: string; mediaType: string };
      for (const bytes of Object.values(blobs)) registry.blobs.set(`app ${digest(bytes)}`, bytes);
      const written = blobs[`blobs/sha256/${name.slice('sha256:'.length)}`] as Buffer;
      const untyped = written.toString().replace(`"mediaType":"${mediaType}",`, '');
      const bytes = typed ? written : Buffer.from(untyped);
      registry.manifests.set('app latest', { bytes, type: typed ? mediaType : 'application/json' });
      const reference = `${registry.address}/app`;
      const target = `docker-image://${reference}`;
      expect(await inspect({ target, insecure: true })).toMatchObject({ layers: [] });
      expect(await builtUpon(target, true)).toMatchObject(BUILT);
    } finally {
      await registry.close();
    }
  });

  it('is added to a layout whose list of manifests is null', async () => {
    const { blobs } = blobsOf(image);
    const nothing = index([]).replace('[]', 'null');
    const oci = '{"imageLayoutVersion":"1.0.0"}';
    await write({ 'oci-layout': oci, ...blobs, 'index.json': nothing }, 'out');
    const path = await write(layoutFiles(image), 'layout');
    expect(await builtUpon(`oci-layout://${path}`)).toMatchObject(BUILT);
  });
});

describe('an archive with an empty file for a layer', () => {
  const layer = tar(member({ name: 'app', body: 'app' }));
  const empty: Described = { layers: [layer, Buffer.alloc(0)] };
  const path = (): string => join(folder, 'base.tar');

  it('is read when the diff ID is that of no bytes', async () => {
    for (const files of [ownNames(empty), docker20(empty), docker28(empty)]) {
      const found = await inspected(archiveOf(files));
      expect(found.layers).toMatchObject([{ entries: 1 }, { entries: 0, raw: 0 }]);
      await writeFile(path(), archiveOf(files));
      const { rootfs } = await builtUpon(`docker-archive://${path()}`);
      expect(rootfs.diff_ids.slice(0, 2)).toEqual(empty.layers.map(digest));
    }
  });

  it('is refused by name when its content is in an engine alone', async () => {
    const [config, manifest] = [configOf({ layers: [layer] }), { Config: 'image', RepoTags: null }];
    const files = {
      image: config,
      blank_0: '',
      'manifest.json': JSON.stringify([{ ...manifest, Layers: ['blank_0'] }]),
    };
    const message = `its layer blank_0 is empty, but its diff ID is ${digest(layer)}`;
    await expect(inspected(archiveOf(files))).rejects.toThrow(message);
    await writeFile(path(), archiveOf(files));
    await expect(builtUpon(`docker-archive://${path()}`)).rejects.toThrow(message);
  });
});
