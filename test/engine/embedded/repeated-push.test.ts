/** What a second push of almost the same image sends: the bytes of all requests with a body. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addImage, type FakeRegistry, fakeRegistry } from '../../image/registry/fake.js';
import { useSharedProcess } from '../../support/process/shared-process.js';
import { member, tar } from '../../support/write-tar.js';

const run = useSharedProcess();

let folder: string;
let registry: FakeRegistry;
let sent = 0;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dockerception-push-'));
  registry = await fakeRegistry((_, __, { headers }) => {
    sent += Number(headers['content-length'] ?? 0);
    return false;
  });
});
afterEach(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

const LIBRARIES = randomBytes(10_000_000);

/** Builds and pushes; returns the bytes that the registry received. */
async function push(dockerfile: string, program: Buffer, mtime: number): Promise<number> {
  sent = 0;
  const input = tar(
    member({ name: 'Dockerfile', body: `FROM scratch\n${dockerfile}\n`, mtime }),
    member({ name: 'app/main', body: program, mtime }),
    member({ name: 'lib/big', body: LIBRARIES, mtime: 1 }),
  );
  const args = ['--engine', 'embedded', '-q', '-t', `${registry.address}/app:1`, '--push'];
  const { code, stderr } = await run(args, { input, env: { XDG_CACHE_HOME: folder } });
  expect(code, stderr).toBe(0);
  return sent;
}

it.each([
  ['separate folders', 'COPY lib /lib\nCOPY app /srv/app'],
  ['one folder', 'COPY lib /srv/lib\nCOPY app /srv/app'],
  ['the changed file first', 'COPY app /srv/app\nCOPY lib /srv/lib'],
  ['a folder of WORKDIR', 'WORKDIR /srv\nCOPY lib lib/\nCOPY app app/'],
])('sends only the layer of a changed file (%s)', async (_, dockerfile) => {
  expect(await push(dockerfile, randomBytes(100_000), 1000)).toBeGreaterThan(10_000_000);
  const before = registry.manifests.get('app 1')?.bytes;
  expect(await push(dockerfile, randomBytes(100_000), 2000)).toBeLessThan(110_000);
  expect(registry.manifests.get('app 1')?.bytes).not.toEqual(before);
});

it('sends manifests alone if nothing changed', async () => {
  const program = randomBytes(100_000);
  const dockerfile = 'COPY lib /lib\nCOPY app /srv/app';
  await push(dockerfile, program, 1000);
  expect(await push(dockerfile, program, 1000)).toBeLessThan(3000);
});

it('downloads no layer of the base if the registry mounts it and no file of it is needed', async () => {
  const layer = tar(member({ name: 'base', body: 'b' }));
  const { manifest } = addImage(registry, 'base', 'latest', [layer]);
  const digest = manifest.layers[0]?.digest;
  const body = `FROM ${registry.address}/base\nENV a=b\n`;
  const args = ['--engine', 'embedded', '-q', '-t', `${registry.address}/app:1`, '--push'];
  const input = tar(member({ name: 'Dockerfile', body }));
  const { code, stderr } = await run(args, { input, env: { XDG_CACHE_HOME: folder } });
  expect(code, stderr).toBe(0);
  expect(registry.blobs.has(`app ${digest}`)).toBe(true);
  expect(registry.lines()).not.toContain(`GET /v2/base/blobs/${digest}`);
});
