/** Layers that were made to do harm, or were damaged: each ends in a clear error, or is shown as it is. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Inspection } from '../../../src/inspect/inspection.js';
import {
  everyWay,
  type Failure,
  image,
  layer,
  layoutWith,
  name,
  OCI,
  PLAIN,
  refused,
  saved,
  useFolder,
} from '../../support/every-way.js';
import {
  configOf,
  crane,
  digest,
  docker28,
  type Files,
  hex,
  layoutFiles,
  podman,
} from '../../support/inspect/image-forms.js';
import { paths } from '../../support/inspect/scan.js';
import { member, tar } from '../../support/write-tar.js';

useFolder();

describe('a layer', () => {
  const path = `blobs/sha256/${hex(layer)}`;

  it('with another digest is refused', async () => {
    const blobs = { [path]: tar(member({ name: 'app', body: 'bad' })) };
    await refused(layoutWith({ blobs }), { code: 'BLOB_DIGEST' });
    await refused({ ...docker28(image), ...blobs }, { code: 'BLOB_DIGEST' });
    await refused(
      {
        [name]: configOf(image),
        'l.tar': blobs[path] as Buffer,
        'manifest.json': saved(name, ['l.tar']),
      },
      { code: 'BLOB_DIGEST' },
    );
  });

  it('with another size is refused', async () => {
    for (const size of [layer.length - 1, layer.length + 1, 0]) {
      const layers = [{ mediaType: `${OCI}.layer.v1.tar`, digest: digest(layer), size }];
      await refused(layoutWith({ manifest: (manifest) => ({ ...manifest, layers }) }), {
        code: 'BLOB_DIGEST',
      });
    }
  });

  it('that is missing is refused', async () => {
    const files = Object.entries(layoutWith({}));
    const others = Object.fromEntries<Files[string]>(files.filter(([each]) => each !== path));
    await refused(others, {
      code: expect.stringMatching(/^(?:BLOB_DIGEST|IMAGE_INVALID)$/) as string,
    });
    for (const other of [
      'x.tar',
      '../../etc/passwd',
      '/etc/passwd',
      '',
      '.',
      '__proto__',
      'constructor',
    ])
      await refused(
        { [name]: configOf(image), 'manifest.json': saved(name, [other]) },
        { code: 'IMAGE_INVALID' },
      );
  });

  it('whose tar is not the configuration’s is refused', async () => {
    const config = configOf({ layers: [tar()] });
    await refused(layoutWith({ config }), { code: 'LAYER_DIFF_ID' });
    const named = `${hex(config)}.json`;
    const files = {
      [named]: config,
      'a.tar.gz': gzipSync(layer),
      'manifest.json': saved(named, ['a.tar.gz']),
    };
    await refused(files, { code: 'LAYER_DIFF_ID' });
  });

  it.each<[string, Buffer]>([
    ['text', Buffer.from('hello\n')],
    ['long text', Buffer.from('hello\n'.repeat(1000))],
    ['JSON', Buffer.from(`{"a":"${'b'.repeat(1000)}"}`)],
    ['a program', Buffer.concat([Buffer.from('\x7fELF'), Buffer.alloc(2000, 1)])],
    ['a zip archive', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(2000, 1)])],
    ['nothing', Buffer.alloc(0)],
    ['gzip that is cut short', gzipSync(layer).subarray(0, -12)],
    ['gzip that is damaged', Buffer.concat([gzipSync(layer).subarray(0, 20), Buffer.alloc(60, 7)])],
    ['gzip around text', gzipSync('hello\n'.repeat(1000))],
    ['a tar that is cut short', layer.subarray(0, 700)],
    [
      'a tar with a damaged header',
      Buffer.concat([layer.subarray(0, 512), Buffer.alloc(512), Buffer.alloc(512, 1)]),
    ],
  ])('that is %s is refused', async (_, bytes) => {
    const bad = { layers: [bytes] };
    const expected = {
      code: expect.stringMatching(/^(?:TAR|COMPRESSED|LAYER|BLOB|IMAGE)_/) as string,
    };
    for (const files of [layoutFiles(bad, (each) => each), docker28(bad), podman(bad)]) {
      if (bytes.length === 0) continue;
      for (const outcome of await everyWay(files)) {
        expect(outcome).toMatchObject({ kind: 'context', ...expected });
        expect((outcome as Failure).message).toMatch(/^reading .*layer/);
        expect((outcome as Failure).message).toMatch(PLAIN);
      }
    }
  });

  it('with data after its end is read as engines read it', async () => {
    const [found] = await everyWay(
      layoutFiles({ layers: [Buffer.concat([layer, Buffer.from('behind')])] }),
    );
    expect(paths(found as Inspection)).toEqual(['/app']);
    const [unended] = await everyWay(layoutFiles({ layers: [layer.subarray(0, 1024)] }));
    expect(paths(unended as Inspection)).toEqual(['/app']);
  });

  it('in a layer is a file', async () => {
    const nested = gzipSync(gzipSync(tar(member({ name: 'deeper', body: 'x' }))));
    const inner = tar(
      member({ name: 'x.tar.gz', body: nested }),
      member({ name: 'manifest.json', body: '[]' }),
    );
    for (const found of await everyWay(crane({ layers: [inner] })))
      expect(paths(found as Inspection)).toEqual(['/manifest.json', '/x.tar.gz']);
  });
});

describe('a layer that is there many times', () => {
  it('is read once', async () => {
    const layers = Array<Buffer>(500).fill(layer);
    for (const found of await everyWay(docker28({ layers }))) {
      expect((found as Inspection).layers).toHaveLength(500);
      expect((found as Inspection).waste.bytes).toBe(499 * 3);
    }
  });
});
