/** An image made of the engines' base by this project's own stores: a busybox that prints a word. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { writeImage, writeIndex } from '../../../src/image/assemble.js';
import { OCI_LAYER } from '../../../src/image/descriptor.js';
import { digestOf } from '../../../src/image/digest.js';
import type { AssembledImage } from '../../../src/image/manifest.js';
import { hostPlatform } from '../../../src/image/platform.js';
import type { Blob, BlobStore } from '../../../src/image/store.js';
import { engines } from '../engines.js';

/** This machine's architecture, as images name it. */
export const OWN = hostPlatform().architecture;

/** The layer of the engines' base image. */
export async function baseLayer(): Promise<Buffer> {
  const { baseTar } = engines;
  const options = { encoding: 'buffer', maxBuffer: 1 << 26 } as const;
  return (await promisify(execFile)('tar', ['-xOf', baseTar, 'layer.tar'], options)).stdout;
}

/** Puts an image into a store; `docker run` of it prints the word. */
export async function make(
  store: BlobStore,
  word: string,
  compression: 'none' | 'gzip' = 'none',
  architectures: readonly string[] = [OWN],
): Promise<AssembledImage> {
  const layer = await baseLayer();
  const images = [];
  for (const architecture of architectures) {
    const descriptor =
      compression === 'gzip'
        ? await store.put(once(gzipSync(layer)), `${OCI_LAYER}+gzip`)
        : await store.put(once(layer), OCI_LAYER);
    const created = '2020-01-01T00:00:00Z';
    const config = {
      created,
      architecture,
      os: 'linux',
      config: { Cmd: ['/bin/echo', word, architecture], Env: ['PATH=/bin'] },
      rootfs: { type: 'layers' as const, diff_ids: [digestOf(layer)] },
      history: [{ created, created_by: 'COPY . /' }],
    };
    const platform = { os: 'linux', architecture };
    images.push(await writeImage(store, { config, layers: [descriptor], platform }));
  }
  return writeIndex(store, images);
}

/** A file's bytes as a blob. */
async function* once(bytes: Buffer): Blob {
  yield bytes;
  await Promise.resolve();
}
