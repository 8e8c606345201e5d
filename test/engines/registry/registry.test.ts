import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BlobCache, openBlobCache } from '../../../src/image/cache/blob-cache.js';
import type { Image } from '../../../src/image/manifest.js';
import { hostPlatform, parsePlatform } from '../../../src/image/platform.js';
import { parseReference } from '../../../src/image/reference.js';
import { pullFromRegistry } from '../../../src/image/registry/pull.js';
import { pushToRegistry } from '../../../src/image/registry/push.js';
import type { RegistrySettings } from '../../../src/image/registry/settings.js';
import type { TransferEvent } from '../../../src/image/registry/transfers.js';
import { sha256 } from '../../image/registry/fake.js';
import { engines, run, uniqueTag } from '../engines.js';
import { closeTogether } from '../relay.js';
import { imageOf, layerOf } from './images.js';

let home: string;
let cache: BlobCache;
let settings: RegistrySettings;
let events: TransferEvent[];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  cache = await openBlobCache({ HOME: home });
  events = [];
  settings = {
    env: { HOME: home, DOCKER_CONFIG: home, PATH: process.env['PATH'] },
    signal: new AbortController().signal,
    report: (event) => void events.push(event),
    timing: { delay: 20 },
  };
});
afterEach(async () => {
  await cache.close();
  await rm(home, { recursive: true, force: true });
});

const plain = engines.registry.address;
const guarded = engines.registryAuth;
const logIn = (host: string, password = guarded.password): Promise<void> => {
  const auth = Buffer.from(`${guarded.username}:${password}`).toString('base64');
  return writeFile(join(home, 'config.json'), JSON.stringify({ auths: { [host]: { auth } } }));
};
const crane = async (...args: string[]): Promise<string> => {
  const env = { ...process.env, DOCKER_CONFIG: home };
  return (await run(engines.crane, args, { env, maxBuffer: 1 << 26 })).stdout;
};
const pull = (name: string, platform = hostPlatform()): Promise<Image> =>
  pullFromRegistry(parseReference(name), platform, settings, cache);
/** Reads all layers, and holds them against the configuration. */
const checkLayers = async (image: Image): Promise<void> => {
  expect(image.layers.length).toBeGreaterThan(0);
  for (const [at, layer] of image.layers.entries()) {
    const bytes = await buffer(await image.blobs.open(layer));
    const tar = layer.mediaType.endsWith('+gzip') ? gunzipSync(bytes) : bytes;
    expect(sha256(tar)).toBe(image.config.rootfs.diff_ids[at]);
  }
};
const failure = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.unreachable('it succeeded'),
    (error: unknown) => error,
  );
const big = async (): Promise<Buffer> => layerOf('big', randomBytes(3 << 20).toString('base64'));

describe('a real registry', () => {
  it('gives us the image that Docker pushed, with Docker’s media types', async () => {
    const name = `${plain}/${uniqueTag()}:1`;
    const { host, cli } = engines.docker20;
    const docker = (...args: string[]): Promise<unknown> => run(cli, ['-H', host, ...args]);
    await docker('tag', engines.base, name);
    try {
      await docker('push', name);
    } finally {
      await docker('rmi', name);
    }
    const image = await pull(name);
    expect(await crane('manifest', name)).toContain('vnd.docker.distribution.manifest.v2');
    expect(image.layers[0]?.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+gzip');
    await checkLayers(image);
  });

  it('gives us the platform that we ask for of an index that crane made', async () => {
    const name = `${plain}/${uniqueTag()}`;
    const layer = await layerOf('a', 'a');
    await pushToRegistry(imageOf([layer], ['amd64']), [`${name}:amd64`], settings);
    await pushToRegistry(imageOf([layer], ['arm64']), [`${name}:arm64`], settings);
    await crane(
      'index',
      'append',
      '-m',
      `${name}:amd64`,
      '-m',
      `${name}:arm64`,
      '-t',
      `${name}:both`,
    );
    for (const architecture of ['amd64', 'arm64']) {
      const image = await pull(`${name}:both`, parsePlatform(`linux/${architecture}`));
      expect(image.config.architecture).toBe(architecture);
      await checkLayers(image);
    }
    const error = await failure(pull(`${name}:both`, parsePlatform('linux/s390x')));
    expect(error).toMatchObject({ hint: 'it is there for linux/amd64, linux/arm64' });
  });

  it('has what we pushed, which crane, Docker and Podman find valid', async () => {
    const name = `${plain}/${uniqueTag()}`;
    const image = imageOf([await big(), await layerOf('b', 'b')]);
    await pushToRegistry(image, [`${name}:1`, `${name}:2`], settings);
    await crane('validate', '--remote', `${name}:1`);
    expect((await crane('digest', `${name}:2`)).trim()).toBe(image.descriptor.digest);
    for (const { cli, host } of [engines.docker20, engines.docker28]) {
      await run(cli, ['-H', host, 'pull', '-q', `${name}:1`]);
      await run(cli, ['-H', host, 'rmi', `${name}:1`]);
    }
    const { cli } = engines.podman;
    await run(cli, ['pull', '-q', '--tls-verify=false', `${name}:1`], { cwd: '/' });
    await run(cli, ['rmi', `${name}:1`], { cwd: '/' });
  });

  it('has the index and both platforms that we pushed', async () => {
    const name = `${plain}/${uniqueTag()}:1`;
    const image = imageOf([await layerOf('a', 'a')], ['amd64', 'arm64']);
    await pushToRegistry(image, [name], settings);
    await crane('validate', '--remote', name);
    const index = JSON.parse(await crane('manifest', name)) as { manifests: { digest: string }[] };
    expect(index.manifests.map(({ digest }) => digest)).toEqual(
      image.images.map(({ descriptor }) => descriptor.digest),
    );
  });

  it('mounts the layers of a base, and is sent nothing twice', async () => {
    const base = uniqueTag();
    const layer = await big();
    const first = imageOf([layer]);
    await pushToRegistry(first, [`${plain}/${base}:1`], settings);
    const origin = { registry: plain, repository: base };
    const digest = first.images[0]?.manifest.layers[0]?.digest as string;
    const second = imageOf(
      [layer, await layerOf('x', 'x')],
      ['amd64'],
      new Map([[digest, origin]]),
    );
    const name = `${plain}/${uniqueTag()}:1`;
    await pushToRegistry(second, [name], settings);
    expect(second.opened).not.toContain(digest);
    const names = events.flatMap(({ status }) => (status.statuses ?? []).map((one) => one.name));
    expect(names).toContain(`pushing layer ${digest} (mounted from ${base})`);
    const again = imageOf([layer, await layerOf('x', 'x')]);
    await pushToRegistry(again, [name], settings);
    expect(again.opened).not.toContain(digest);
    await crane('validate', '--remote', name);
  });

  it('doesn’t have what was never pushed', async () => {
    expect(await failure(pull(`${plain}/${uniqueTag()}:1`))).toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
    });
  });
});

describe('a registry with a password', () => {
  it('takes what was logged in with', async () => {
    await logIn(guarded.address);
    const name = `${guarded.address}/${uniqueTag()}:1`;
    await pushToRegistry(imageOf([await big()]), [name], settings);
    await crane('validate', '--remote', name);
    await checkLayers(await pull(name, parsePlatform('linux/amd64')));
  });

  it.each([
    ['nothing', undefined, 'no credentials in auths in '],
    ['another password', 'looking-glass', 'with the credentials of auths in '],
  ])('refuses %s, and we say where we looked', async (_, password, why) => {
    if (password !== undefined) await logIn(guarded.address, password);
    const name = `${guarded.address}/${uniqueTag()}:1`;
    const image = imageOf([await layerOf('a', 'a')]);
    for (const attempt of [() => pull(name), () => pushToRegistry(image, [name], settings)]) {
      const error = await failure(attempt());
      expect(error).toMatchObject({ kind: 'engine', code: 'REGISTRY_DENIED' });
      expect(String(error)).toContain(`${why}${home}/config.json`);
    }
  });
});

describe('a registry that takes tokens', () => {
  let front: Server;
  let address: string;
  let given: string[];
  beforeEach(async () => {
    given = [];
    front = createServer((request, response) => {
      const { url = '', headers, method } = request;
      if (url.startsWith('/token')) {
        const expected = Buffer.from('alice:wonderland').toString('base64');
        const ok = headers.authorization === `Basic ${expected}`;
        const token = randomBytes(8).toString('hex');
        if (ok) given.push(token);
        response.writeHead(ok ? 200 : 401).end(ok ? JSON.stringify({ token }) : '{}');
        return;
      }
      if (!given.includes(headers.authorization?.replace('Bearer ', '') ?? '')) {
        const challenge = `Bearer realm="http://${address}/token",service="front"`;
        response.writeHead(401, { 'WWW-Authenticate': challenge }).end('{}');
        return;
      }
      const rest = { ...headers };
      delete rest.authorization;
      const [host, port] = plain.split(':');
      const forwarded = httpRequest({ host, port, path: url, method, headers: rest }, (answer) => {
        answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers));
      });
      request.pipe(forwarded.on('error', () => response.destroy()));
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    address = `127.0.0.1:${(front.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    front.closeAllConnections();
    front.close();
  });

  it('is pushed to and pulled from', async () => {
    await logIn(address);
    const name = `${address}/${uniqueTag()}:1`;
    await pushToRegistry(imageOf([await big()]), [name], settings);
    await crane('validate', '--remote', name);
    await checkLayers(await pull(name, parsePlatform('linux/amd64')));
  });

  it('refuses a wrong password', async () => {
    await logIn(address, 'wrong');
    expect(await failure(pull(`${address}/${uniqueTag()}:1`))).toMatchObject({
      code: 'REGISTRY_DENIED',
    });
  });
});

describe('a connection that breaks in the middle of a push', () => {
  let front: ReturnType<typeof createTcpServer>;
  let address: string;
  let cuts: number;
  /** How many more connections are cut, after a megabyte each. */
  let left: number;
  beforeEach(async () => {
    cuts = 0;
    const [host, port] = plain.split(':');
    front = createTcpServer((socket: Socket) => {
      const upstream = connect(Number(port), host as string);
      let bytes = 0;
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > 1 << 20 && left > 0) {
          left--;
          cuts++;
          socket.resetAndDestroy();
          upstream.destroy();
        }
      });
      closeTogether(socket, upstream);
      socket.pipe(upstream).pipe(socket);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    address = `127.0.0.1:${(front.address() as AddressInfo).port}`;
  });
  afterEach(() => void front.close());

  it('is opened again, and the image is whole', async () => {
    left = 3;
    const name = `${uniqueTag()}:1`;
    await pushToRegistry(imageOf([await big()]), [`${address}/${name}`], settings);
    expect(cuts).toBe(3);
    await crane('validate', '--remote', `${plain}/${name}`);
  });

  it('again and again leaves no tag, and not even a manifest', async () => {
    left = Infinity;
    const repository = uniqueTag();
    const image = imageOf([await big(), await layerOf('a', 'a')]);
    const error = await failure(pushToRegistry(image, [`${address}/${repository}:1`], settings));
    expect(error).toMatchObject({ kind: 'engine', code: 'REGISTRY_UNREACHABLE' });
    expect(cuts).toBe(5);
    for (const reference of [':1', `@${image.descriptor.digest}`])
      expect(await failure(crane('manifest', `${plain}/${repository}${reference}`))).toMatchObject({
        stderr: expect.stringMatching(/MANIFEST_UNKNOWN|NAME_UNKNOWN/) as string,
      });
  });
});
