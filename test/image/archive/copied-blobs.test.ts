import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { ArchiveStore } from '../../../src/image/archive/archive-store.js';
import { digestOf } from '../../../src/image/digest.js';

const layer = Buffer.from('a layer');
const right = { mediaType: 'a/b', size: layer.length, digest: digestOf(layer) };
const other = { ...right, digest: digestOf('other') };
const open = (): Promise<Readable> => Promise.resolve(Readable.from([layer]));

it('blobs are copied without a second check if their source has verified them', async () => {
  const store = await ArchiveStore.temporary();
  const from = { isVerified: true, open };
  const short = store.copy({ ...other, size: 5 }, from);
  await expect(short).rejects.toMatchObject({ code: 'BLOB_DIGEST' });
  await store.copy(other, from);
  expect(await buffer(await store.open(other))).toEqual(layer);
  await store.close();
});

it('verified blobs stay at their source if the store is partial', async () => {
  const store = await ArchiveStore.partial();
  let opened = 0;
  const counted = (): Promise<Readable> => {
    opened++;
    return open();
  };
  await store.copy(right, { isVerified: true, open: counted });
  expect(opened).toBe(0);
  expect(await buffer(await store.open(right))).toEqual(layer);
  const damaged = store.copy(other, { open: counted });
  await expect(damaged).rejects.toMatchObject({ code: 'BLOB_DIGEST' });
  expect(opened).toBe(2);
  await store.close();
});
