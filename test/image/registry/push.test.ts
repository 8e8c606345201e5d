import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pushToRegistry } from '../../../src/image/registry/push.js';
import type { RegistrySettings } from '../../../src/image/registry/settings.js';
import type { TransferEvent } from '../../../src/image/registry/transfers.js';
import { assemble, failure, type FakeRegistry, fakeRegistry, quick, sha256 } from './fake.js';

const big = Buffer.from('0123456789abcdef'.repeat(60_000));
const small = Buffer.from('small');

let registry: FakeRegistry;
let settings: RegistrySettings;
const events: TransferEvent[] = [];
beforeEach(async () => {
  registry = await fakeRegistry();
  events.length = 0;
  settings = {
    env: { HOME: '/nonexistent' },
    signal: new AbortController().signal,
    timing: quick,
    report: (event) => void events.push(event),
  };
});
afterEach(() => registry.close());

const push = (image: ReturnType<typeof assemble>, names = ['app:1'], more = {}): Promise<void> =>
  pushToRegistry(
    image,
    names.map((name) => `${registry.address}/${name}`),
    { ...settings, ...more },
  );
/** References that are no digests. */
const tags = (): string[] =>
  [...registry.manifests.keys()].filter((key) => !key.includes('sha256:'));
const count = (pattern: RegExp): number =>
  registry.lines().filter((line) => pattern.test(line)).length;
const isUpload = ({ method, url = '' }: IncomingMessage): boolean =>
  method === 'PUT' && url.includes('/blobs/uploads/');
const swallow = (request: IncomingMessage, response: ServerResponse, status: number): boolean => {
  request.resume().on('end', () => response.writeHead(status).end());
  return true;
};

describe('a push', () => {
  it('uploads blobs, then the manifest by its digest, then the tag', async () => {
    const image = assemble([big, small]);
    await push(image);
    expect(registry.blobs.get(`app ${sha256(big)}`)?.equals(big)).toBe(true);
    expect(registry.manifests.get('app 1')).toEqual({
      bytes: image.bytes.get(image.descriptor.digest),
      type: 'application/vnd.oci.image.manifest.v1+json',
    });
    const puts = registry.lines().filter((line) => line.startsWith('PUT'));
    expect(puts.slice(0, 3).every((line) => line.includes('/blobs/uploads/'))).toBe(true);
    expect(puts.slice(3)).toEqual([
      `PUT /v2/app/manifests/${image.descriptor.digest}`,
      'PUT /v2/app/manifests/1',
    ]);
    const uploads = registry.seen.filter(
      ({ method, url }) => method === 'PUT' && url.includes('blobs'),
    );
    expect(uploads.map(({ headers }) => Number(headers['content-length']))).toContain(big.length);
  });

  it('keeps the query of the place it is sent to as it is', async () => {
    await push(assemble([small]));
    const digest = encodeURIComponent(sha256(small));
    expect(registry.lines()).toContain(
      `PUT /v2/app/blobs/uploads/1?state=a%2Fb%3D&digest=${digest}`,
    );
  });

  it('skips what is there, without reading it', async () => {
    const image = assemble([big, small]);
    registry.blobs.set(`app ${sha256(big)}`, big);
    await push(image);
    expect(image.opened).not.toContain(sha256(big));
    expect(image.opened).toContain(sha256(small));
  });

  it('sends a layer once that an image has twice, and an empty one too', async () => {
    const image = assemble([small, small, Buffer.alloc(0)]);
    await push(image);
    expect(image.opened.filter((digest) => digest === sha256(small))).toHaveLength(1);
    expect(registry.blobs.get(`app ${sha256('')}`)).toHaveLength(0);
  });

  it('of several platforms puts the index behind its manifests', async () => {
    const image = assemble([small], ['amd64', 'arm64']);
    await push(image, ['app:1', 'app:2']);
    const puts = registry.lines().filter((line) => line.startsWith('PUT /v2/app/manifests'));
    expect(puts.map((line) => line.split('/').at(-1))).toEqual([
      ...image.images.map(({ descriptor }) => descriptor.digest),
      image.descriptor.digest,
      '1',
      '2',
    ]);
    expect(registry.manifests.get('app 2')?.type).toBe('application/vnd.oci.image.index.v1+json');
  });

  it('to several repositories of a registry mounts what the first one has', async () => {
    const image = assemble([big]);
    await push(image, ['one:1', 'two:1']);
    expect(image.opened.filter((digest) => digest === sha256(big))).toHaveLength(1);
    expect(registry.blobs.has(`two ${sha256(big)}`)).toBe(true);
    expect(tags()).toEqual(['one 1', 'two 1']);
  });

  it('tells of every blob, and that it ended', async () => {
    await push(assemble([big]));
    const vertexes = events.flatMap(({ status }) => status.vertexes ?? []);
    expect(vertexes.at(-1)).toMatchObject({
      name: `pushing ${registry.address}/app:1`,
      completed: expect.any(String) as string,
    });
    const statuses = events.flatMap(({ status }) => status.statuses ?? []);
    const done = statuses.filter(({ completed }) => completed).map(({ id }) => id);
    expect(done.filter((id) => id.startsWith('pushing layer'))).toEqual([
      `pushing layer ${sha256(big)}`,
    ]);
    expect(done.filter((id) => id.startsWith('pushing config'))).toHaveLength(1);
  });

  it('to a digest is refused', async () => {
    const error = await failure(push(assemble([small]), [`app@${sha256('')}`]));
    expect(error).toMatchObject({ kind: 'usage', code: 'REFERENCE_INVALID' });
    expect(registry.seen).toEqual([]);
  });
});

describe('a layer of a base', () => {
  const from = (registryName: string): ReturnType<typeof assemble> =>
    assemble(
      [big],
      ['amd64'],
      new Map([[sha256(big), { registry: registryName, repository: 'base' }]]),
    );

  it('is mounted when the registry has it', async () => {
    registry.blobs.set(`base ${sha256(big)}`, big);
    const image = from(registry.address);
    await push(image);
    expect(image.opened).not.toContain(sha256(big));
    expect(count(/uploads\/\?mount=sha256%3A\w+&from=base$/)).toBe(1);
  });

  it('is uploaded into the session that the registry opens instead', async () => {
    const image = from(registry.address);
    await push(image);
    expect(registry.blobs.get(`app ${sha256(big)}`)?.equals(big)).toBe(true);
    // One for the mount, one for the configuration.
    expect(count(/^POST /)).toBe(2);
  });

  it.each([401, 403, 404, 405])(
    'is uploaded when the mount is answered with %d',
    async (status) => {
      registry.hook = (request, response) =>
        request.url?.includes('mount=') ? swallow(request, response, status) : false;
      await push(from(registry.address));
      expect(registry.blobs.get(`app ${sha256(big)}`)?.equals(big)).toBe(true);
    },
  );

  it('of another registry is uploaded', async () => {
    await push(from('elsewhere.example'));
    expect(count(/mount=/)).toBe(0);
  });
});

describe('an upload', () => {
  it('that breaks off begins anew, and then all is well', async () => {
    let broken = 0;
    registry.hook = (request) => {
      if (!isUpload(request) || broken >= 3) return false;
      broken++;
      request.once('data', () => request.socket.destroy());
      return true;
    };
    const image = assemble([big]);
    await push(image);
    expect(broken).toBe(3);
    expect(registry.blobs.get(`app ${sha256(big)}`)?.equals(big)).toBe(true);
    expect(tags()).toEqual(['app 1']);
  });

  it('that always breaks off fails, and nothing is tagged', async () => {
    registry.hook = (request) => {
      if (!isUpload(request) || request.headers['content-length'] !== String(big.length))
        return false;
      request.once('data', () => request.socket.destroy());
      return true;
    };
    const image = assemble([big, small]);
    const error = await failure(push(image, ['app:1', 'other:1']));
    expect(error).toMatchObject({ kind: 'engine', code: 'REGISTRY_UNREACHABLE' });
    expect(String(error)).toContain(`pushing ${registry.address}/app:1: `);
    expect(image.opened.filter((digest) => digest === sha256(big))).toHaveLength(quick.tries);
    expect([...registry.manifests]).toEqual([]);
  });

  it.each([500, 503, 404, 416])('that is answered with %d for once begins anew', async (status) => {
    let failed = 0;
    registry.hook = (request, response) =>
      isUpload(request) && !failed++ ? swallow(request, response, status) : false;
    await push(assemble([big]));
    expect(tags()).toEqual(['app 1']);
  });

  it.each([400, 403, 413])('that is answered with %d fails at once', async (status) => {
    registry.hook = (request, response) =>
      isUpload(request) && request.headers['content-length'] === String(big.length)
        ? swallow(request, response, status)
        : false;
    const image = assemble([big]);
    expect(String(await failure(push(image)))).toContain(String(status));
    expect(image.opened.filter((digest) => digest === sha256(big))).toHaveLength(1);
    expect([...registry.manifests]).toEqual([]);
  });

  it('is told of the answer that comes before its end', async () => {
    const huge = Buffer.alloc(20 << 20, 'x');
    registry.hook = (request, response) => {
      if (!isUpload(request) || Number(request.headers['content-length']) < huge.length)
        return false;
      response.writeHead(413, { Connection: 'close' }).end('{"errors":[{"message":"too large"}]}');
      return true;
    };
    expect(String(await failure(push(assemble([huge]))))).toContain('413, too large');
  });

  it('goes to another server without the credentials', async () => {
    const storage = await fakeRegistry();
    try {
      const credentials = {
        get: async () => ({ username: 'u', password: 'p', identityToken: '', registryToken: '' }),
        where: async () => 'the test',
        keys: async () => [],
      };
      registry.hook = ({ headers, method, url }, response) => {
        if (headers.authorization === undefined) {
          response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
          return true;
        }
        if (method !== 'POST' || url?.includes('mount')) return false;
        const location = `http://${storage.address}/v2/s/blobs/uploads/1?state=a%2Fb%3D`;
        response.writeHead(202, { Location: location }).end();
        return true;
      };
      await push(assemble([small]), ['app:1'], { credentials });
      expect(storage.seen.map(({ authorization }) => authorization)).toEqual([
        undefined,
        undefined,
      ]);
      expect(storage.blobs.has(`s ${sha256(small)}`)).toBe(true);
    } finally {
      await storage.close();
    }
  });

  it('without a place to go to is an error', async () => {
    registry.hook = ({ method }, response) => {
      if (method !== 'POST') return false;
      response.writeHead(202).end();
      return true;
    };
    expect(await failure(push(assemble([small])))).toMatchObject({ code: 'REGISTRY_ANSWER' });
  });

  it('whose source fails is not finished, and the source’s error is told', async () => {
    const image = assemble([small]);
    const broken = new Error('the disk is broken');
    const blobs = {
      open: async () =>
        new Readable({
          read() {
            this.push('sma');
            this.destroy(broken);
          },
        }),
    };
    expect(await failure(push({ ...image, blobs }))).toBe(broken);
    expect(registry.blobs.size).toBe(0);
  });

  it.each([
    ['short', 'smal', /ends after 4 bytes/],
    ['long', 'small!', /longer than 5 bytes/],
  ])('whose source is too %s is not finished', async (_, content, why) => {
    const image = assemble([small]);
    const open = async (descriptor: { digest: string }): Promise<Readable> =>
      descriptor.digest === sha256(small)
        ? Readable.from([Buffer.from(content)], { objectMode: false })
        : image.blobs.open(descriptor as never);
    expect(String(await failure(push({ ...image, blobs: { open } })))).toMatch(why);
    expect(registry.blobs.has(`app ${sha256(small)}`)).toBe(false);
  });

  it('runs beside three others', async () => {
    let running = 0;
    let most = 0;
    registry.hook = async (request) => {
      if (!isUpload(request)) return false;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running--;
      return false;
    };
    await push(assemble(Array.from({ length: 9 }, (_, at) => Buffer.from(`layer ${at}`))));
    expect(most).toBe(4);
  });

  it('sets all other tags when the signal comes after the first one', async () => {
    const abort = new AbortController();
    registry.hook = ({ url = '' }) => {
      if (url.endsWith('/manifests/2')) abort.abort(new Error('enough'));
      return false;
    };
    await push(assemble([small]), ['app:1', 'app:2', 'other:3'], { signal: abort.signal });
    expect(abort.signal.aborted).toBe(true);
    expect(tags()).toEqual(['app 1', 'app 2', 'other 3']);
  });

  it('stops when the signal says so, and nothing is tagged', async () => {
    const abort = new AbortController();
    registry.hook = (request) => {
      if (!isUpload(request)) return false;
      request.once('data', () => abort.abort(new Error('enough')));
      return true;
    };
    const error = await failure(push(assemble([big, small]), ['app:1'], { signal: abort.signal }));
    expect(error).toMatchObject({ message: 'enough' });
    expect([...registry.manifests]).toEqual([]);
  });

  it('is given up when the registry stops reading', async () => {
    registry.hook = (request) => {
      if (!isUpload(request)) return false;
      request.pause();
      return true;
    };
    const timing = { ...quick, silence: 100, tries: 1 };
    const image = assemble([Buffer.alloc(20 << 20, 'y')]);
    expect(String(await failure(push(image, ['app:1'], { timing })))).toContain(
      'nothing came for 0.1 s',
    );
  });
});

describe('a manifest', () => {
  it('that is refused leaves every tag as it was', async () => {
    registry.hook = (request, response) =>
      request.method === 'PUT' && request.url?.startsWith('/v2/two/manifests/')
        ? swallow(request, response, 400)
        : false;
    const error = await failure(push(assemble([small]), ['one:1', 'two:1']));
    expect(String(error)).toContain('/two:1');
    expect(tags()).toEqual([]);
  });

  it('is sent again when the registry is busy', async () => {
    let failed = 0;
    registry.hook = (request, response) =>
      request.method === 'PUT' && request.url?.includes('/manifests/') && failed++ < 2
        ? swallow(request, response, 503)
        : false;
    await push(assemble([small]));
    expect(tags()).toEqual(['app 1']);
  });
});

describe('a connection', () => {
  it('that was closed while it was idle is replaced without a pause', async () => {
    registry.hook = async (request, response) => {
      // Kept as far as the client knows, closed with the next request.
      if (request.method === 'HEAD')
        response.on('finish', () => setImmediate(() => request.socket.destroy()));
      return false;
    };
    await push(assemble([small]), ['app:1'], { timing: { ...quick, delay: 10_000 } });
    expect(tags()).toEqual(['app 1']);
  });

  it('has a body whose chunks may be one byte', async () => {
    const image = assemble([small]);
    const open = async (descriptor: { digest: string }): Promise<Readable> => {
      const whole = Buffer.from(await text(await image.blobs.open(descriptor as never)));
      const bytes = [...whole].map((byte) => Buffer.from([byte]));
      return Readable.from(bytes, { objectMode: false });
    };
    await push({ ...image, blobs: { open } });
    expect(registry.blobs.get(`app ${sha256(small)}`)?.equals(small)).toBe(true);
  });
});
