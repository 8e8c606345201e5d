import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cat } from '../../src/inspect/cat.js';
import type { Sink } from '../../src/sink/sink.js';
import { CollectingSink } from '../support/filter.js';
import {
  archiveOf,
  type Described,
  docker20,
  layoutFiles,
  podman,
} from '../support/inspect/image-forms.js';
import { header, member, oldSparse, pax, tar } from '../support/write-tar.js';

const large = Buffer.alloc(3_000_000, 'large ');
const sparse = Buffer.concat([Buffer.alloc(200_000), Buffer.from('data'), Buffer.alloc(100_000)]);
const image: Described = {
  layers: [
    tar(
      member({ name: 'usr/bin/app', body: 'old' }),
      member({ name: 'empty' }),
      member({ name: 'kept', body: 'kept below' }),
      header({ name: 'bin', typeflag: '2', linkname: 'usr/bin' }),
    ),
    tar(
      member({ name: 'usr/bin/app', body: large }),
      header({ name: 'hard', typeflag: '1', linkname: 'usr/bin/app' }),
      oldSparse({ name: 'sparse' }, [[200_000, 'data']], sparse.length),
      header({ name: 'loop', typeflag: '2', linkname: 'loop' }),
      header({ name: 'out', typeflag: '2', linkname: '../../nowhere' }),
      header({ name: 'fifo', typeflag: '6' }),
    ),
  ],
};

let folder: string;
let target: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  target = join(folder, 'image.tar');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function catted(path: string): Promise<Buffer> {
  const sink = new CollectingSink();
  await cat(path, { target }, sink);
  return sink.bytes;
}

describe.each([
  ['a layout', layoutFiles(image)],
  ['podman save', podman(image)],
  ['docker save', docker20(image)],
])('of %s', (_, files) => {
  beforeAll(() => writeFile(target, archiveOf(files)));

  it.each<[string, Buffer | string]>([
    ['/usr/bin/app', large],
    ['usr/./bin//app', large],
    ['/bin/app', large],
    ['/hard', large],
    ['/kept', 'kept below'],
    ['/empty', ''],
    ['/sparse', sparse],
    ['/bin/../../kept', 'kept below'],
  ])('%s is what the uppermost layer has', async (path, content) => {
    expect((await catted(path)).equals(Buffer.from(content))).toBe(true);
  });

  it.each([
    ['/bin', 'CAT_NOT_A_FILE', 'it is a directory', undefined],
    ['/', 'CAT_NOT_A_FILE', 'it is a directory', undefined],
    ['/fifo', 'CAT_NOT_A_FILE', 'it is a fifo', undefined],
    ['/loop', 'CAT_NOT_FOUND', 'it is a link to loop, and nothing is there', undefined],
    ['/out', 'CAT_NOT_FOUND', 'it is a link to ../../nowhere', undefined],
    ['/usr/bin/ap', 'CAT_NOT_FOUND', 'it is not there', 'there is /usr/bin/app'],
    ['bin/apq', 'CAT_NOT_FOUND', 'it is not there', 'there is /usr/bin/app'],
    ['/kept/x', 'CAT_NOT_FOUND', 'it is not there', undefined],
    ['\x1b[31m', 'CAT_NOT_FOUND', 'reading \\x1b[31m of', undefined],
  ])('%j is refused', async (path, code, message, hint) => {
    await expect(catted(path)).rejects.toMatchObject({
      kind: 'usage',
      code,
      message: expect.stringContaining(message) as string,
      ...(hint !== undefined && { hint }),
    });
  });
});

it('A slow sink receives a large file as a whole, including holes', async () => {
  await writeFile(target, archiveOf(podman(image)));
  for (const [path, content] of [
    ['/hard', large],
    ['/sparse', sparse],
  ] as const) {
    const kept = new CollectingSink();
    let [most, pending] = [0, 0];
    const sink: Sink = {
      write: (bytes) => {
        pending += bytes.length;
        most = Math.max(most, pending);
        kept.write(bytes);
      },
      ready: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        pending = 0;
      },
      end: () => kept.end(),
      destroy: (error) => kept.destroy(error),
    };
    await cat(path, { target }, sink);
    expect(kept.bytes.equals(content)).toBe(true);
    expect(most).toBeLessThan(1 << 20);
  }
});

it('A large hole ends with the signal', async () => {
  const realsize = pax([
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.realsize', String(2 ** 52)],
  ]);
  const huge = member({ name: 'huge', body: '0\n'.padEnd(512, '\0') });
  await writeFile(target, archiveOf(podman({ layers: [tar(realsize, huge)] })));
  const abort = new AbortController();
  const nowhere: Sink = {
    write: () => undefined,
    ready: () => undefined,
    end: () => Promise.resolve(),
    destroy: () => undefined,
  };
  setTimeout(() => abort.abort(new Error('stopped')), 300);
  await expect(cat('/huge', { target, signal: abort.signal }, nowhere)).rejects.toThrow('stopped');
});
