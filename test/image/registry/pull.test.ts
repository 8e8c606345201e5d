import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BlobCache, openBlobCache } from '../../../src/image/cache/blob-cache.js';
import { parseDocument } from '../../../src/image/manifest.js';
import { parsePlatform } from '../../../src/image/platform.js';
import { parseReference } from '../../../src/image/reference.js';
import { pullFromRegistry } from '../../../src/image/registry/pull.js';
import type { RegistrySettings } from '../../../src/image/registry/settings.js';
import type { TransferEvent } from '../../../src/image/registry/transfers.js';
import {
  addImage,
  cut,
  descriptorOf,
  failure,
  type FakeRegistry,
  fakeRegistry,
  quick,
  sha256,
} from './fake.js';

const amd64 = parsePlatform('linux/amd64');
const long = 'abcdefghijklmnop'.repeat(20_000).slice(0, 300_000);
const big = Buffer.from(long);

let home: string;
let cache: BlobCache;
let registry: FakeRegistry;
let settings: RegistrySettings;
const events: TransferEvent[] = [];
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
  const env = { HOME: home, DOCKER_CONFIG: home };
  cache = await openBlobCache(env);
  registry = await fakeRegistry();
  const { signal } = new AbortController();
  events.length = 0;
  settings = { env, signal, timing: quick, report: (event) => void events.push(event) };
});
afterEach(async () => {
  await cache.close();
  await registry.close();
  await rm(home, { recursive: true, force: true });
});

const at = (name: string) => parseReference(`${registry.address}/${name}`);
const pull = (name = 'app:1', more?: Partial<RegistrySettings>, platform = amd64) =>
  pullFromRegistry(at(name), platform, more ? { ...settings, ...more } : settings, cache);
/** As text: comparing buffers takes seconds. */
const layersOf = async (image: Awaited<ReturnType<typeof pull>>): Promise<string[]> =>
  Promise.all(image.layers.map(async (layer) => text(await image.blobs.open(layer))));
/** Files of the cache, the unfinished ones too. */
const cached = async (): Promise<string[]> =>
  (await readdir(cache.folder, { recursive: true })).filter((name) => !/^sha\d+$/.test(name));

describe('an image that is pulled', () => {
  it('has its configuration at once and its layers when they are opened', async () => {
    const { config } = addImage(registry, 'app', '1', [big, Buffer.from('two')]);
    const image = await pull();
    expect(image.config).toEqual(config);
    expect(image.name).toBe(`${registry.address}/app:1`);
    expect(image.origin).toEqual({ registry: registry.address, repository: 'app' });
    expect(registry.lines().filter((line) => line.includes('/blobs/'))).toHaveLength(1);
    expect(await layersOf(image)).toEqual([long, 'two']);
  });

  it('is read from the cache the next time, but its tag is asked for', async () => {
    addImage(registry, 'app', '1');
    await layersOf(await pull());
    registry.seen.length = 0;
    await layersOf(await pull());
    expect(registry.lines()).toEqual(['GET /v2/app/manifests/1']);
  });

  it('of a digest needs no registry once it is in the cache', async () => {
    const { digest } = addImage(registry, 'app', '1');
    await layersOf(await pull(`app@${digest}`));
    registry.seen.length = 0;
    await layersOf(await pull(`app:9@${digest}`));
    expect(registry.lines()).toEqual([]);
  });

  it('has OCI’s media types, whichever the registry has', async () => {
    addImage(registry, 'app', '1', [big], {
      manifest: 'application/vnd.docker.distribution.manifest.v2+json',
      config: 'application/vnd.docker.container.image.v1+json',
      layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
    });
    const image = await pull();
    expect(image.layers[0]?.mediaType).toBe('application/vnd.oci.image.layer.v1.tar+gzip');
    expect(await layersOf(image)).toEqual([long]);
  });

  it('asks for manifests and indexes of both kinds', async () => {
    addImage(registry, 'app', '1');
    await pull();
    const [manifest] = registry.seen.filter(({ url }) => url.includes('manifests'));
    for (const type of ['oci.image.index', 'oci.image.manifest', 'manifest.v2', 'manifest.list'])
      expect(manifest?.headers.accept).toContain(type);
  });

  it('fetches a layer once that is opened twice', async () => {
    addImage(registry, 'app', '1', [big, big]);
    const image = await pull();
    expect(await layersOf(image)).toEqual([long, long]);
    const fetched = registry.lines().filter((line) => line.endsWith(sha256(big)));
    expect(fetched).toHaveLength(1);
  });

  it('tells what is under way, and that it ended', async () => {
    addImage(registry, 'app', '1', [big]);
    await layersOf(await pull());
    const vertexes = events.flatMap(({ status }) => status.vertexes ?? []);
    const names = [
      `loading metadata for ${registry.address}/app:1`,
      `pulling ${registry.address}/app:1`,
    ];
    for (const name of names)
      expect(vertexes.filter((one) => one.name === name && one.completed)).toHaveLength(1);
    const statuses = events.flatMap(({ status }) => status.statuses ?? []);
    expect(statuses.filter(({ id }) => id === `pulling layer ${sha256(big)}`).at(-1)).toMatchObject(
      {
        current: big.length,
        total: big.length,
        completed: expect.any(String) as string,
      },
    );
  });
});

describe('an index', () => {
  const addIndex = (platforms: Readonly<Record<string, string>>, type?: string): void => {
    const manifests = Object.entries(platforms).map(([name, content]) => {
      const { bytes, manifest } = addImage(registry, 'app', name, [Buffer.from(content)]);
      const [os = '', architecture = '', variant] = name.split('/');
      const platform = { os, architecture, ...(variant ? { variant } : {}) };
      return { ...descriptorOf(bytes, manifest.mediaType), platform };
    });
    const mediaType = type ?? 'application/vnd.oci.image.index.v1+json';
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
    registry.manifests.set('app 1', { bytes, type: mediaType });
  };

  it.each([
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
  ])('of type %s gives the image of the platform', async (type) => {
    addIndex({ 'linux/arm/v7': 'arm', 'linux/amd64': 'amd', 'unknown/unknown': 'no' }, type);
    expect(String(await layersOf(await pull()))).toBe('amd');
    const arm = await pull('app:1', {}, parsePlatform('linux/arm'));
    expect(String(await layersOf(arm))).toBe('arm');
  });

  it('without the platform is refused, and the platforms it has are named', async () => {
    addIndex({ 'linux/arm64': 'a', 'linux/arm/v7': 'b', 'unknown/unknown': 'c' });
    const error = await failure(pull('app:1', {}, parsePlatform('linux/s390x')));
    expect(error).toMatchObject({
      code: 'PLATFORM_UNKNOWN',
      hint: 'it is there for linux/arm64, linux/arm/v7',
    });
    expect(String(error)).toContain('linux/s390x');
  });

  it('may lead to another index, but not for ever', async () => {
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const wrap = (inner: Buffer, tag: string): Buffer => {
      const platform = { os: 'linux', architecture: 'amd64' };
      const manifests = [{ ...descriptorOf(inner, mediaType), platform }];
      const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
      for (const name of [tag, sha256(bytes)])
        registry.manifests.set(`app ${name}`, { bytes, type: mediaType });
      return bytes;
    };
    addIndex({ 'linux/amd64': 'amd' });
    const first = registry.manifests.get('app 1')?.bytes as Buffer;
    registry.manifests.set(`app ${sha256(first)}`, { bytes: first, type: mediaType });
    const second = wrap(first, '2');
    expect(String(await layersOf(await pull('app:2')))).toBe('amd');
    wrap(wrap(second, '3'), '4');
    expect(await failure(pull('app:4'))).toMatchObject({ code: 'IMAGE_INVALID' });
  });
});

describe('a download', () => {
  it('that breaks off goes on where it stopped', async () => {
    addImage(registry, 'app', '1', [big]);
    let broken = 0;
    registry.hook = ({ url, method, headers }, response) =>
      method === 'GET' && !!url?.endsWith(sha256(big)) && headers.range === undefined && !broken++
        ? cut(response, big.length, big.subarray(0, 100_000))
        : false;
    expect(await layersOf(await pull())).toEqual([long]);
    const ranges = registry.seen.map(({ headers }) => headers.range).filter(Boolean);
    expect(ranges).toHaveLength(1);
    expect(ranges[0]).toMatch(/^bytes=\d+-$/);
    expect(await cached()).toHaveLength(3);
  });

  it('begins anew when the registry knows no ranges', async () => {
    addImage(registry, 'app', '1', [big]);
    let count = 0;
    registry.hook = ({ url, headers }, response) => {
      if (!url?.endsWith(sha256(big))) return false;
      if (count++ === 0) return cut(response, big.length, big.subarray(0, 100_000));
      delete headers.range;
      return false;
    };
    expect(await layersOf(await pull())).toEqual([long]);
  });

  it.each([
    ['416', 416, {}],
    ['a part from elsewhere', 206, { 'Content-Range': `bytes 5-${big.length - 1}/${big.length}` }],
  ])('begins anew when it is answered with %s', async (_, status, headers) => {
    addImage(registry, 'app', '1', [big]);
    let count = 0;
    registry.hook = ({ url }, response) => {
      if (!url?.endsWith(sha256(big))) return false;
      if (count++ === 0) return cut(response, big.length, big.subarray(0, 100_000));
      if (count > 2) return false;
      response.writeHead(status, headers).end(big.subarray(5));
      return true;
    };
    expect(await layersOf(await pull())).toEqual([long]);
    expect(count).toBe(3);
  });

  it('begins anew when its parts don’t fit together', async () => {
    addImage(registry, 'app', '1', [big]);
    let count = 0;
    registry.hook = ({ url }, response) => {
      if (!url?.endsWith(sha256(big)) || count++ > 0) return false;
      return cut(response, big.length, Buffer.alloc(100_000, 'x'));
    };
    expect(await layersOf(await pull())).toEqual([long]);
    expect(count).toBe(3);
  });

  it('that always breaks off fails, and leaves nothing', async () => {
    addImage(registry, 'app', '1', [big]);
    registry.hook = ({ url }, response) =>
      url?.endsWith(sha256(big)) ? cut(response, big.length, big.subarray(0, 10)) : false;
    const image = await pull();
    expect(await failure(layersOf(image))).toMatchObject({
      kind: 'engine',
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('it closed the connection') as string,
    });
    expect(await cached()).toHaveLength(2);
  });

  it.each([
    ['other bytes', Buffer.alloc(big.length, 'x'), /another digest/],
    ['too few bytes', big.subarray(1), /299999 bytes instead of 300000/],
    ['too many bytes', Buffer.concat([big, big]), /bytes instead of 300000/],
    ['nothing', Buffer.alloc(0), /0 bytes instead of 300000/],
  ])('of %s is refused, and leaves nothing', async (_, bytes, why) => {
    addImage(registry, 'app', '1', [big]);
    registry.blobs.set(`app ${sha256(big)}`, bytes);
    const image = await pull();
    const error = await failure(layersOf(image));
    expect(error).toMatchObject({ kind: 'engine', code: 'BLOB_DIGEST' });
    expect(String(error)).toMatch(why);
    expect(String(error)).toContain(`${registry.address}/app:1`);
    expect(await cached()).toHaveLength(2);
  });

  it('is stopped by the signal, which leaves nothing', async () => {
    addImage(registry, 'app', '1', [big]);
    const abort = new AbortController();
    registry.hook = ({ url }, response) => {
      if (!url?.endsWith(sha256(big))) return false;
      response.writeHead(200, { 'Content-Length': String(big.length) });
      response.write(big.subarray(0, 10), () => abort.abort(new Error('enough')));
      return true;
    };
    const image = await pull('app:1', { signal: abort.signal });
    expect(await failure(layersOf(image))).toMatchObject({ message: 'enough' });
    expect(await cached()).toHaveLength(2);
  });

  it('is given up when the registry falls silent', async () => {
    addImage(registry, 'app', '1', [big]);
    registry.hook = ({ url }, response) => {
      if (!url?.endsWith(sha256(big))) return false;
      response.writeHead(200, { 'Content-Length': String(big.length) });
      response.write(big.subarray(0, 10));
      return true;
    };
    const timing = { ...quick, silence: 100, tries: 2 };
    const image = await pull('app:1', { timing });
    expect(await failure(layersOf(image))).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('nothing came for 0.1 s') as string,
    });
    expect(await cached()).toHaveLength(2);
  });

  it('is stopped when the cache is closed', async () => {
    addImage(registry, 'app', '1', [big, Buffer.from('two')]);
    registry.hook = ({ url }, response) => {
      if (!url?.endsWith(sha256(big))) return false;
      response.writeHead(200, { 'Content-Length': String(big.length) });
      response.write(big.subarray(0, 10));
      return true;
    };
    const image = await pull();
    expect(await text(await image.blobs.open(image.layers[1]!))).toBe('two');
    const before = performance.now();
    await cache.close();
    expect(performance.now() - before).toBeLessThan(300);
    expect(await cached()).toHaveLength(3);
  });
});

describe('a redirect', () => {
  it('to another server is followed without the credentials', async () => {
    const storage = await fakeRegistry();
    try {
      addImage(registry, 'app', '1', [big]);
      storage.blobs.set(`storage ${sha256(big)}`, big);
      const basic = Buffer.from('me:secret').toString('base64');
      await writeFile(
        join(home, 'config.json'),
        JSON.stringify({ auths: { [registry.address]: { auth: basic } } }),
      );
      registry.hook = ({ url, headers }, response) => {
        if (headers.authorization === undefined) {
          response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
          return true;
        }
        if (!url?.endsWith(sha256(big))) return false;
        const location = `http://${storage.address}/v2/storage/blobs/${sha256(big)}?signature=a%2Fb`;
        response.writeHead(307, { Location: location }).end('moved');
        return true;
      };
      expect(await layersOf(await pull())).toEqual([long]);
      expect(registry.seen.at(-1)?.authorization).toBe(`Basic ${basic}`);
      expect(storage.seen.map(({ authorization }) => authorization)).toEqual([undefined]);
      expect(storage.lines()[0]).toContain('?signature=a%2Fb');
    } finally {
      await storage.close();
    }
  });

  it('within the server keeps the credentials', async () => {
    addImage(registry, 'app', '1', [big]);
    registry.blobs.set(`other ${sha256(big)}`, big);
    registry.hook = ({ url, headers }, response) => {
      if (headers.authorization === undefined) {
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
        return true;
      }
      if (url !== `/v2/app/blobs/${sha256(big)}`) return false;
      response.writeHead(302, { Location: `../../other/blobs/${sha256(big)}` }).end();
      return true;
    };
    const credentials = {
      get: async () => ({ username: 'u', password: 'p', identityToken: '', registryToken: '' }),
      where: async () => 'the test',
      keys: async () => [],
    };
    expect(await layersOf(await pull('app:1', { credentials }))).toEqual([long]);
    expect(registry.seen.at(-1)?.authorization).toMatch(/^Basic /);
  });

  it.each([
    ['in circles', '/v2/app/manifests/1', /more than 10 times/],
    ['to a file', 'file:///etc/passwd', /no address/],
  ])('%s is an error', async (_, location, why) => {
    registry.hook = ({ url }, response) => {
      if (url === '/v2/') return false;
      response.writeHead(302, { Location: location }).end();
      return true;
    };
    const error = await failure(pull());
    expect(error).toMatchObject({ code: 'REGISTRY_ANSWER' });
    expect(String(error)).toMatch(why);
  });
});

describe('a registry', () => {
  it('that doesn’t have the image is named', async () => {
    const error = await failure(pull('no/such:tag'));
    expect(error).toMatchObject({ kind: 'build', code: 'REGISTRY_NOT_FOUND' });
    expect(String(error)).toContain(`${registry.address}/no/such:tag`);
  });

  it.each([500, 502, 503, 408, 429])(
    'that answers %d for a while is asked again',
    async (status) => {
      addImage(registry, 'app', '1');
      let count = 0;
      registry.hook = ({ url }, response) => {
        if (url === '/v2/' || ++count % 3 === 0) return false;
        response.writeHead(status, status === 429 ? { 'Retry-After': '0' } : {}).end();
        return true;
      };
      await layersOf(await pull());
      expect(count).toBeGreaterThan(3);
    },
  );

  it.each([
    [500, {}, 'REGISTRY_FAILED', /answered 500, it is on fire/],
    [429, { 'Retry-After': '3600' }, 'REGISTRY_BUSY', /too many requests/],
    [400, {}, 'REGISTRY_FAILED', /answered 400, it is on fire/],
    [403, {}, 'REGISTRY_DENIED', /denied access to app \(403, it is on fire\)/],
  ])('that keeps answering %d is told of', async (status, headers, code, why) => {
    let count = 0;
    registry.hook = ({ url }, response) => {
      if (url === '/v2/') return false;
      count++;
      const errors = [{ code: 'X', message: 'it is on fire' }];
      response.writeHead(status, headers).end(JSON.stringify({ errors }));
      return true;
    };
    const error = await failure(pull());
    expect(error).toMatchObject({ kind: 'engine', code });
    expect(String(error)).toMatch(why);
    expect(count).toBe(status === 500 ? quick.tries : 1);
    if (status === 429) expect(error).toMatchObject({ hint: 'try again in 3600 s' });
  });

  it('has its message made fit for a terminal', async () => {
    registry.hook = (_, response) => {
      response
        .writeHead(403)
        .end(JSON.stringify({ errors: [{ message: '\x1b[2Jgone\nhint: x' }] }));
      return true;
    };
    expect(String(await failure(pull()))).toContain('\\x1b[2Jgone\\x0ahint: x');
  });

  it('that isn’t there is named', async () => {
    const { address } = registry;
    await registry.close();
    const error = await failure(pull());
    expect(error).toMatchObject({ kind: 'engine', code: 'REGISTRY_UNREACHABLE' });
    expect(String(error)).toContain(`reaching ${address}: connection refused`);
  });

  it('whose host doesn’t exist is named', async () => {
    const reference = parseReference('registry.invalid/app');
    const error = await failure(pullFromRegistry(reference, amd64, settings, cache));
    expect(error).toMatchObject({ kind: 'engine', code: 'REGISTRY_UNREACHABLE' });
    expect(String(error)).toMatch(
      /pulling registry.invalid\/app:latest: reaching registry.invalid: /,
    );
  });

  it('that never answers is given up', async () => {
    registry.hook = () => true;
    const error = await failure(pull('app:1', { timing: { ...quick, silence: 50, tries: 2 } }));
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(String(error)).toContain('nothing came for 0.05 s');
  });
});

describe('a manifest', () => {
  const serve = (body: Buffer | string | object, type = 'application/json'): void => {
    const json = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
    registry.manifests.set('app 1', { bytes: Buffer.from(json), type });
  };
  const digest = sha256('x');
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 1 };

  it.each([
    ['no JSON', 'nonsense', /not JSON/],
    ['no object', '[]', /not a JSON object/],
    ['of no type', { schemaVersion: 2 }, /media type is application\/json/],
    ['both', { schemaVersion: 2, manifests: [], layers: [] }, /both a manifest and an index/],
    ['without a config', { schemaVersion: 2, layers: [] }, /no media type/],
    [
      'with a bad digest',
      { layers: [], config: { ...config, digest: 'sha256:../x' } },
      /no digest/,
    ],
    ['with a bad size', { layers: [], config: { ...config, size: -1 } }, /not a size/],
    ['with bad layers', { layers: {}, config }, /no list/],
    [
      'a chart',
      { layers: [], config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } },
      /no image/,
    ],
    ['with a huge config', { layers: [], config: { ...config, size: 1e9 } }, /1000000000 bytes/],
  ])('that is %s is refused', async (_, body, why) => {
    serve(body);
    const error = await failure(pull());
    expect(error).toMatchObject({ kind: 'build', code: 'IMAGE_INVALID' });
    expect(String(error)).toMatch(why);
  });

  it.each([
    [{ schemaVersion: 1, fsLayers: [] }, 'application/json'],
    ['{}', 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
  ])('of schema 1 is refused by that name', async (body, type) => {
    serve(body, type);
    expect(await failure(pull())).toMatchObject({ code: 'IMAGE_SCHEMA_1' });
  });

  it.each(['application/json', 'application/vnd.oci.image.manifest.v1+json'])(
    'may leave it to %s to say what it is',
    async (type) => {
      const { manifest } = addImage(registry, 'app', '1', [big]);
      const bare = { ...manifest, mediaType: undefined };
      const bytes = Buffer.from(JSON.stringify(bare));
      for (const name of ['1', sha256(bytes)])
        registry.manifests.set(`app ${name}`, { bytes, type });
      for (const name of ['app:1', `app@${sha256(bytes)}`]) {
        const image = await pull(name);
        expect(parseDocument(bytes, type, name).mediaType).toBe(manifest.mediaType);
        expect(await layersOf(image)).toEqual([long]);
      }
    },
  );

  it('that is too long is not read to its end', async () => {
    serve(Buffer.alloc(5 << 20, ' '));
    expect(String(await failure(pull()))).toContain('longer than 4194304 bytes');
  });

  it('has the digest that it is asked for by', async () => {
    const { digest } = addImage(registry, 'app', '1');
    registry.manifests.set(`app ${digest}`, { bytes: Buffer.from('{}'), type: 'x' });
    expect(await failure(pull(`app@${digest}`))).toMatchObject({ code: 'BLOB_DIGEST' });
  });

  it('may have a digest of sha512', async () => {
    const { bytes, manifest } = addImage(registry, 'app', '1');
    const digest = `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
    registry.manifests.set(`app ${digest}`, { bytes, type: manifest.mediaType });
    expect((await pull(`app@${digest}`)).digest).toBe(digest);
  });

  it('has the digest that the registry says it has', async () => {
    const { bytes, manifest } = addImage(registry, 'app', '1');
    registry.hook = ({ url }, response) => {
      if (!url?.includes('/manifests/')) return false;
      const headers = { 'Docker-Content-Digest': digest, 'Content-Type': manifest.mediaType };
      response.writeHead(200, headers).end(bytes);
      return true;
    };
    expect(await failure(pull())).toMatchObject({ code: 'BLOB_DIGEST' });
  });

  it('has as many layers as its configuration', async () => {
    const { manifest } = addImage(registry, 'app', '1', [big]);
    serve({ ...manifest, layers: [] });
    expect(String(await failure(pull()))).toContain('1 diff IDs for 0 layers');
  });
});
