/** One image, whatever wrote it: the result is the same. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { inspect } from '../../../src/inspect/inspect.js';
import {
  archiveOf,
  crane,
  type Described,
  dirTransport,
  docker20,
  docker28,
  type Files,
  layoutFiles,
  leading,
  moved,
  ownNames,
  podman,
} from '../../support/inspect/image-forms.js';
import { CHUNKS, facts, inspected, list } from '../../support/inspect/scan.js';
import { header, member, tar } from '../../support/write-tar.js';
import { zstdFrame } from '../../support/zstd-frame.js';

const low = tar(
  header({ name: 'etc/', typeflag: '5', mode: 0o755 }),
  member({ name: 'etc/passwd', body: 'root:x:0:0::/:/bin/sh\n' }),
  member({ name: 'app', body: Buffer.alloc(3000, 'a'), mode: 0o755 }),
  header({ name: 'link', typeflag: '2', linkname: 'app' }),
);
const high = tar(
  member({ name: 'app', body: Buffer.alloc(2000, 'b'), mode: 0o755 }),
  header({ name: 'etc/.wh.passwd' }),
  header({ name: 'hard', typeflag: '1', linkname: 'app' }),
);
// The same layer twice: an old archive has it once, and a link.
const image: Described = {
  layers: [low, high, low],
  names: ['docker.io/library/app:1'],
  config: { config: { Entrypoint: ['/app'], User: '1000' } },
};

const FORMS: Readonly<Record<string, Files>> = {
  'an OCI archive': layoutFiles(image),
  'an OCI archive without compression': layoutFiles(image, (layer) => layer),
  'docker save 20.10': docker20(image),
  'docker save 28': docker28(image),
  'podman save and skopeo': podman(image),
  'crane pull': crane(image),
  'names of the writer’s own': ownNames(image),
  'a manifest whose names start with a slash': leading(docker20(image), '/', 'manifest'),
  'a manifest whose names start with ./': leading(crane(image), './', 'manifest'),
  'a tar whose names start with a slash': leading(ownNames(image), '/', 'tar'),
};

let folder: string;
let expected: object;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  await writeFolder('layout', layoutFiles(image));
  expected = facts(await inspect({ target: join(folder, 'layout') }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function writeFolder(name: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const at = join(folder, name, path);
    await mkdir(dirname(at), { recursive: true });
    if (typeof content === 'string' || Buffer.isBuffer(content)) await writeFile(at, content);
    else await symlink(content.link, at);
  }
}

async function fromFile(bytes: Buffer, scheme = ''): Promise<object> {
  const file = join(folder, 'image.tar');
  await writeFile(file, bytes);
  return facts(await inspect({ target: scheme + file }));
}

describe.each(Object.entries(FORMS))('%s', (_, files) => {
  const bytes = archiveOf(files);

  it.each(CHUNKS)('is one image, in chunks of %i', async (chunk) => {
    expect(facts(await inspected(bytes, { chunk }))).toEqual(expected);
  });

  it('is the same as a file, by its path and by a scheme', async () => {
    expect(await fromFile(bytes)).toEqual(expected);
    for (const scheme of ['oci-archive://', 'docker-archive://'])
      expect(await fromFile(bytes, scheme), scheme).toEqual(expected);
  });

  it('is the same when all of it is compressed', async () => {
    const packed = { gzip: gzipSync(bytes), zstd: zstdFrame(bytes) };
    for (const [format, archive] of Object.entries(packed)) {
      expect(facts(await inspected(archive)), format).toEqual(expected);
      expect(await fromFile(archive, 'oci-archive://'), format).toEqual(expected);
    }
  });

  it('is the same wherever its documents stand', async () => {
    for (const name of ['manifest.json', 'index.json', 'oci-layout'])
      for (const where of ['first', 'last'] as const) {
        if (!(name in files)) continue;
        const archive = archiveOf(moved(files, name, where));
        expect(facts(await inspected(archive)), `${name} ${where}`).toEqual(expected);
      }
  });

  it('is the same when its names start with ./', async () => {
    const dotted = Object.entries(files).map(([name, content]) => [`./${name}`, content]);
    const archive = archiveOf(Object.fromEntries(dotted) as Files);
    expect(facts(await inspected(archive, { chunk: 700 }))).toEqual(expected);
  });

  it('unpacked to a folder is the same', async () => {
    await writeFolder(`unpacked ${_}`, files);
    expect(facts(await inspect({ target: join(folder, `unpacked ${_}`) }))).toEqual(expected);
  });
});

describe('a folder that skopeo wrote as dir:', () => {
  it.each([false, true])('is one image; with an index: %s', async (indexed) => {
    await writeFolder('dir', dirTransport(image, indexed));
    for (const scheme of ['', 'dir:'])
      expect(facts(await inspect({ target: scheme + join(folder, 'dir') }))).toEqual(expected);
    await rm(join(folder, 'dir'), { recursive: true });
  });

  it('is distinguished from a context with files of these names', async () => {
    await writeFolder('context', { version: '1.1\n', 'manifest.json': '{}' });
    expect(await inspect({ target: join(folder, 'context') })).toMatchObject({ kind: 'context' });
  });

  it('is refused when a part of it is missing or damaged', async () => {
    const files = dirTransport(image);
    const without = (name: string): Files =>
      Object.fromEntries(Object.entries(files).filter(([path]) => path !== name));
    await writeFolder('no-manifest', without('manifest.json'));
    await expect(inspect({ target: join(folder, 'no-manifest') })).rejects.toMatchObject({
      kind: 'context',
      message: expect.stringContaining('there is no manifest.json in it') as string,
    });
    const [, blob = ''] = Object.keys(without('manifest.json'));
    await writeFolder('damaged', { ...files, [blob]: 'damaged' });
    await expect(inspect({ target: join(folder, 'damaged') })).rejects.toMatchObject({
      kind: 'context',
      code: 'BLOB_DIGEST',
    });
  });
});

test('What it holds is what its layers make', async () => {
  const found = await inspected(archiveOf(docker20(image)));
  expect(list(found)).toEqual([
    '-rwxr-xr-x 1000:1000 3000 2023-11-14 22:13:20 /app',
    'drwxr-xr-x 1000:1000    0 2023-11-14 22:13:20 /etc',
    '-rw-r--r-- 1000:1000   22 2023-11-14 22:13:20 /etc/passwd',
    '-rw-r--r-- 1000:1000 2000 2023-11-14 22:13:20 /hard',
    'lrwxrwxrwx 1000:1000    0 2023-11-14 22:13:20 /link -> app',
  ]);
  expect(found.image).toMatchObject({
    names: ['docker.io/library/app:1'],
    platform: 'linux/amd64',
    config: { config: { User: '1000' } },
  });
});
