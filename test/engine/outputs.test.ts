import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Outputs } from '../../src/engine/outputs.js';
import { copyImage } from '../../src/image/assemble.js';
import type { BlobStore } from '../../src/image/store.js';
import { assemble, fakeRegistry, quick } from '../image/registry/fake.js';
import { engineOptions } from '../support/engine-options.js';

describe('a signal', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outputs-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Aborted when the image is loaded, or at the last tag of a push. */
  const finish = async (where: { load: boolean; push: boolean }): Promise<void> => {
    const stop = new AbortController();
    const registry = await fakeRegistry(({ url = '' }) => {
      if (url.endsWith('/manifests/2')) stop.abort(new Error('enough'));
      return false;
    });
    const { signal } = stop;
    const build = engineOptions({
      ...where,
      tags: [`${registry.address}/app:1`, `${registry.address}/app:2`],
      outputs: [{ type: 'oci', dest: join(folder, 'app.tar'), attributes: {} }],
      signal,
    });
    const outputs = await Outputs.begin({
      build,
      stdout: new PassThrough(),
      registry: { env: { HOME: folder }, signal, timing: quick },
      load: async (archive) => {
        await buffer(archive);
        stop.abort(new Error('enough'));
      },
    });
    try {
      const image = assemble([Buffer.from('layer')]);
      await copyImage(image, outputs.store as BlobStore);
      if (!where.load && !where.push) stop.abort(new Error('enough'));
      await outputs.finish(image);
      expect(signal.aborted).toBe(true);
    } finally {
      await outputs.close();
      await registry.close();
    }
  };

  it('changes nothing after the image is loaded', async () => {
    await finish({ load: true, push: false });
    expect(await readdir(folder)).toEqual(['app.tar']);
  });

  it('changes nothing after the image is pushed', async () => {
    await finish({ load: false, push: true });
    expect(await readdir(folder)).toEqual(['app.tar']);
  });

  it('leaves no file when nothing has the image yet', async () => {
    await expect(finish({ load: false, push: false })).rejects.toThrow('enough');
    expect(await readdir(folder)).toEqual([]);
  });
});
