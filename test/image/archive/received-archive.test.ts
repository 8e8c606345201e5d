import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ArchiveStore } from '../../../src/image/archive/archive-store.js';
import { ReceivedArchive } from '../../../src/image/archive/received-archive.js';
import type { Descriptor } from '../../../src/image/descriptor.js';
import { assemble, blobOf, CHUNKS, failing } from '../images.js';

let folder: string;
let file: string;
let bytes: Buffer;
let descriptor: Descriptor;
let archive: ReceivedArchive;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  file = join(folder, 'app.tar');
  const store = await ArchiveStore.create(file);
  const image = await assemble(store);
  await store.finish(image, ['app']);
  await store.close();
  descriptor = image.descriptor;
  bytes = await readFile(file);
  await rm(file);
  archive = await ReceivedArchive.create(file);
});
afterEach(async () => {
  await archive.close();
  await rm(folder, { recursive: true, force: true });
});

it.each(CHUNKS)(
  'can be read before it has its name, received in chunks of %i bytes',
  async (size) => {
    await archive.receive(blobOf(bytes, size));
    expect(archive.size).toBe(bytes.length);
    expect((await archive.image()).descriptor.digest).toBe(descriptor.digest);
    expect((await buffer(archive.read())).equals(bytes)).toBe(true);
    expect(await readdir(folder)).not.toContain('app.tar');
    await archive.finish();
    await archive.close();
    expect((await readFile(file)).equals(bytes)).toBe(true);
    expect(await readdir(folder)).toEqual(['app.tar']);
  },
);

it('leaves nothing if it is closed before it is finished', async () => {
  await archive.receive(blobOf(bytes));
  await archive.close();
  await archive.close();
  expect(await readdir(folder)).toEqual([]);
});

it('keeps the file that it would replace until it is finished', async () => {
  await archive.close();
  await writeFile(file, 'old');
  archive = await ReceivedArchive.create(file);
  await expect(archive.receive(failing(bytes))).rejects.toThrow('the producer broke');
  await archive.close();
  expect(await readFile(file, 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['app.tar']);
});

it('without a path is only read', async () => {
  const unnamed = await ReceivedArchive.create();
  await unnamed.receive(blobOf(bytes));
  expect((await unnamed.image()).descriptor.digest).toBe(descriptor.digest);
  await unnamed.finish();
  await unnamed.close();
  expect(await readdir(folder)).toHaveLength(1); // That of `archive`.
});

it.each<[string, (whole: Buffer) => Buffer]>([
  ['is empty', () => Buffer.alloc(0)],
  ['is no tar', () => Buffer.alloc(2048, 'not a tar')],
  ['lacks its end', (whole) => whole.subarray(0, whole.length - 3000)],
  ['has no image', () => Buffer.alloc(1024)],
])('that %s is an error of kind build', async (_, change) => {
  await archive.receive(Readable.from([change(bytes)]));
  await expect(archive.image()).rejects.toMatchObject({
    kind: 'build',
    message: expect.stringContaining('the image of BuildKit') as string,
  });
});

it('cannot be created where no file can be', async () => {
  await expect(ReceivedArchive.create(join(folder, 'no/app.tar'))).rejects.toMatchObject({
    kind: 'output',
  });
});
