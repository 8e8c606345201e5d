/** Which image of an archive is meant, and what is none though it looks like one. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '../../../src/inspect/inspect.js';
import {
  archiveOf,
  blobsOf,
  configOf,
  type Described,
  digest,
  docker20,
  type Files,
  hex,
  index,
  layoutFiles,
} from '../../support/inspect/image-forms.js';
import { at, CHUNKS, inspected, paths } from '../../support/inspect/scan.js';
import { header, member, tar } from '../../support/write-tar.js';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  file = join(folder, 'two.tar');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const one = (name: string): Described => ({
  layers: [tar(member({ name, body: name }))],
  names: [`app:${name}`],
});
const LAYOUT = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' };

/** Two images in a layout, whose descriptors get these members. */
function twoOf(members: readonly object[]): Files {
  const images = [blobsOf(one('first')), blobsOf(one('second'))];
  const descriptors = images.map(({ descriptor }, at) => ({ ...descriptor, ...members[at] }));
  const [a, b] = images.map(({ blobs }) => blobs);
  return { ...LAYOUT, ...a, ...b, 'index.json': index(descriptors) };
}

function twoSaved(): Files {
  const [a, b] = [docker20(one('first')), docker20(one('second'))];
  const entries = [a, b].flatMap(
    (files) => JSON.parse(files['manifest.json'] as string) as object[],
  );
  // Folders are named by their layer's number: the second image's are elsewhere.
  const moved = Object.fromEntries(Object.entries(b).map(([path, text]) => [`b/${path}`, text]));
  const second = entries[1] as { Config: string; Layers: string[] };
  second.Config = `b/${second.Config}`;
  second.Layers = second.Layers.map((path) => `b/${path}`);
  return { ...a, ...moved, 'manifest.json': JSON.stringify(entries) };
}

describe('of several platforms', () => {
  const platform = (architecture: string): object => ({
    platform: { os: 'linux', architecture },
    annotations: {},
  });
  const archive = archiveOf(twoOf([platform('amd64'), platform('s390x')]));
  // The configurations both say amd64: the index chooses.

  it.each([
    ['linux/amd64', '/first'],
    ['linux/s390x', '/second'],
  ])('%s is chosen', async (wanted, path) => {
    expect(paths(await inspected(archive, { platform: wanted }))).toEqual([path]);
    await writeFile(file, archive);
    for (const scheme of ['', 'oci-archive://'])
      expect(paths(await inspect({ target: scheme + file, platform: wanted }))).toEqual([path]);
  });

  it('a missing one is refused, with the names of the others', async () => {
    await expect(inspected(archive, { platform: 'linux/riscv64' })).rejects.toMatchObject({
      kind: 'usage',
      code: 'PLATFORM_UNKNOWN',
      hint: 'it is there for linux/amd64, linux/s390x',
    });
  });
});

describe('of several images', () => {
  it.each([
    ['a layout', twoOf([])],
    ['what docker save writes', twoSaved()],
  ])('in %s one is chosen as the hint says', async (_, files) => {
    await writeFile(file, archiveOf(files));
    const expected = { kind: 'usage', code: 'IMAGE_AMBIGUOUS' };
    const error = (await inspect({ target: file }).catch((thrown: unknown) => thrown)) as {
      hint: string;
    };
    expect(error).toMatchObject({
      ...expected,
      hint: `name one after a colon: app:first, app:second, as in oci-archive://${file}:NAME`,
    });
    const target = (/\S+$/.exec(error.hint)?.[0] as string).replace('NAME', 'app:second');
    expect(paths(await inspect({ target }))).toEqual(['/second']);
  });

  it('that come through a pipe, the hint says to keep them first', async () => {
    for (const files of [twoOf([]), twoSaved()])
      await expect(inspected(archiveOf(files), { name: 'standard input' })).rejects.toMatchObject({
        kind: 'usage',
        code: 'IMAGE_AMBIGUOUS',
        message: 'reading standard input: it has 2 images, and none is named',
        hint: 'write it to FILE, and name one after a colon: app:first, app:second, as in oci-archive://FILE:NAME',
      });
  });

  it('without names one is chosen by its digest', async () => {
    const files = twoOf([{ annotations: {} }, { annotations: {} }]);
    await writeFile(file, archiveOf(files));
    const second = blobsOf(one('second')).descriptor as { readonly digest: string };
    const error = (await inspect({ target: file }).catch((thrown: unknown) => thrown)) as {
      hint: string;
    };
    expect(error.hint).toContain(second.digest);
    expect(error.hint).toMatch(new RegExp(`as in oci-archive://${file}@DIGEST$`));
    const target = `oci-archive://${file}@${second.digest}`;
    expect(paths(await inspect({ target }))).toEqual(['/second']);
  });

  it('in a layout folder one is chosen by its name', async () => {
    for (const [path, content] of Object.entries(twoOf([]))) {
      await mkdir(join(folder, 'layout/blobs/sha256'), { recursive: true });
      await writeFile(join(folder, 'layout', path), content as string);
    }
    const target = join(folder, 'layout');
    await expect(inspect({ target })).rejects.toMatchObject({
      hint: `name one after a colon: app:first, app:second, as in oci-layout://${target}:NAME`,
    });
    expect(paths(await inspect({ target: `oci-layout://${target}:app:first` }))).toEqual([
      '/first',
    ]);
  });
});

describe('a context stays one', () => {
  const app = member({ name: 'app', body: 'x' });
  const blob = '0'.repeat(64);
  it.each<[string, Files]>([
    ['manifest.json of a web page', { 'manifest.json': '{"name":"app","icons":[]}' }],
    ['manifest.json that is empty', { 'manifest.json': '[]' }],
    ['manifest.json of something else', { 'manifest.json': '[{"Config":1},null,"x"]' }],
    ['manifest.json that is no JSON', { 'manifest.json': '[broken' }],
    ['index.json without oci-layout', { 'index.json': '{"manifests":[]}' }],
    ['oci-layout alone', LAYOUT],
    ['index.json of something else', { ...LAYOUT, 'index.json': '{"manifests":{}}' }],
    ['layer.tar that is none', { 'layer.tar': 'text', 'a/layer.tar': gzipSync('text') }],
    ['a blob', { [`blobs/sha256/${blob}`]: 'text' }],
    ['broken archives', { 'x.tar.gz': Buffer.from('1f8b08', 'hex'), 'y.tar': 'y', 'z.tgz': '' }],
    [
      'an image deeper down',
      Object.fromEntries(
        Object.entries(layoutFiles(one('a'))).map(([path, content]) => [`image/${path}`, content]),
      ),
    ],
  ])('with %s', async (_, files) => {
    for (const chunk of CHUNKS) {
      const found = await inspected(tar(archiveOf(files).subarray(0, -1024), app), { chunk });
      expect(found.kind).toBe('context');
      expect(found.image).toBeUndefined();
      expect(paths(found).filter((path) => !path.endsWith('/'))).toHaveLength(
        Object.keys(files).length + 1,
      );
    }
  });

  it('and names that start with .wh. are names', async () => {
    const found = await inspected(
      tar(app, header({ name: '.wh.app' }), header({ name: '.wh..wh..opq' })),
    );
    expect(paths(found)).toEqual(['/.wh..wh..opq', '/.wh.app', '/app']);
  });

  it('and an archive that is an image is one whatever else lies in it', async () => {
    const files = { ...docker20(one('a')), 'index.json': '{"web":1}', Dockerfile: 'FROM scratch' };
    expect((await inspected(archiveOf(files))).kind).toBe('image');
  });
});

describe('of files by one name', () => {
  const image = one('a');
  const config = `${hex(configOf(image))}.json`;
  const layer = image.layers[0] as Buffer;
  const manifest = JSON.stringify([{ Config: config, RepoTags: null, Layers: ['l.tar'] }]);
  const documents = [
    member({ name: config, body: configOf(image) }),
    member({ name: 'manifest.json', body: manifest }),
  ];
  const other = tar(member({ name: 'other' }));

  it.each([
    ['a file', [member({ name: 'l.tar', body: other }), member({ name: 'l.tar', body: layer })]],
    [
      'a file in place of a link',
      [
        header({ name: 'l.tar', typeflag: '2', linkname: 'x.tar' }),
        member({ name: 'l.tar', body: layer }),
      ],
    ],
    [
      'a link in place of a file',
      [
        member({ name: 'x.tar', body: layer }),
        member({ name: 'l.tar', body: other }),
        header({ name: 'l.tar', typeflag: '2', linkname: './x.tar' }),
      ],
    ],
  ])('the last one counts: %s', async (_, members) => {
    const archive = tar(...members, ...documents);
    await writeFile(file, archive);
    expect(paths(await inspect({ target: `docker-archive://${file}` }))).toEqual(['/a']);
    for (const chunk of CHUNKS) expect(paths(await inspected(archive, { chunk }))).toEqual(['/a']);
  });
});

it('A layer that is named by nothing but a digest is the configuration’s', async () => {
  const found = await inspected(archiveOf(layoutFiles(one('a'))));
  expect(found.layers[0]?.diffId).toBe(digest(one('a').layers[0] as Buffer));
  expect(at(found, '/a').content?.hash).toHaveLength(16);
});
