/** Bases that are damaged, and one that is nothing. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { build, type BuildOptions } from '../../../../src/build.js';
import { member, tar } from '../../../support/write-tar.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Builds this Dockerfile beside one file, to a layout. */
async function made(
  dockerfile: string,
  dest: string,
  options: Partial<BuildOptions> = {},
): Promise<void> {
  const context = tar(
    member({ name: 'Dockerfile', body: dockerfile }),
    member({ name: 'file', body: Buffer.alloc(100_000, 'content') }),
  );
  await build({
    context: Readable.from([context]),
    engine: 'embedded',
    env: {},
    outputs: [{ type: 'oci', dest: join(folder, dest), attributes: { tar: 'false' } }],
    buildContexts: { base: `oci-layout://${join(folder, 'base')}` },
    ...options,
  });
}

/** The one layer of the layout `base`: its path. */
async function layerOfBase(): Promise<string> {
  const json = async (path: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, 'base', path), 'utf8'));
  const blob = (digest: string): string => `blobs/sha256/${digest.slice(7)}`;
  const { manifests } = (await json('index.json')) as { manifests: [{ digest: string }] };
  const { layers } = (await json(blob(manifests[0].digest))) as { layers: [{ digest: string }] };
  return join(folder, 'base', blob(layers[0].digest));
}

describe('a base that is damaged', () => {
  it.each([
    ['in its compressed data', (bytes: Buffer) => bytes.fill(0xff, 60, 80)],
    ['into a shorter one', (bytes: Buffer) => bytes.subarray(0, bytes.length - 10)],
    ['into something that is no layer', () => Buffer.from('no layer')],
    ['into another layer', () => gzipSync(tar(member({ name: 'other', body: 'x' })))],
  ])('%s is told by its digest', async (_, change) => {
    await made('FROM scratch\nCOPY file /file', 'base');
    const path = await layerOfBase();
    await writeFile(path, change(await readFile(path)));
    await expect(made('FROM base\nCOPY file /again', 'out')).rejects.toMatchObject({
      kind: 'build',
      code: 'BLOB_DIGEST',
    });
  });
});

describe('a build context that is the image scratch', () => {
  it('is nothing at all: there is none in a registry', async () => {
    const buildContexts = { base: 'docker-image://scratch' };
    const index = (name: string): Promise<string> =>
      readFile(join(folder, name, 'index.json'), 'utf8');
    await made('FROM scratch\nCOPY file /x', 'scratch');
    await made('FROM base\nCOPY file /x', 'context', { buildContexts });
    expect(await index('context')).toEqual(await index('scratch'));
    await expect(
      made('FROM scratch\nCOPY --from=base /file /', 'copied', { buildContexts }),
    ).rejects.toThrow(': file is not in scratch');
  });
});
