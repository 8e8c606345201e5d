import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BlobCache, openBlobCache } from '../../../src/image/cache/blob-cache.js';
import { parseReference } from '../../../src/image/reference.js';
import { addressesOf, isLoopback } from '../../../src/image/registry/host.js';
import { proxyFor } from '../../../src/image/registry/proxy.js';
import { pullFromRegistry } from '../../../src/image/registry/pull.js';
import type { RegistrySettings } from '../../../src/image/registry/settings.js';
import { certificateFor } from './certificate.js';
import { addImage, failure, type FakeRegistry, fakeRegistry, quick } from './fake.js';

describe('the proxy for a request', () => {
  const of = (url: string, env: Record<string, string>): string | undefined =>
    proxyFor(new URL(url), env)?.href;

  it.each([
    [{ HTTPS_PROXY: 'http://p:1' }, 'https://r.example/', 'http://p:1/'],
    [{ https_proxy: 'http://p:1' }, 'https://r.example/', 'http://p:1/'],
    [{ HTTPS_PROXY: 'http://p:1', https_proxy: 'http://q:1' }, 'https://r.example/', 'http://p:1/'],
    [{ HTTP_PROXY: 'http://p:1' }, 'https://r.example/', undefined],
    [{ HTTP_PROXY: 'http://p:1' }, 'http://r.example/', 'http://p:1/'],
    [{ http_proxy: 'p.example:3128' }, 'http://r.example/', 'http://p.example:3128/'],
    [{ HTTPS_PROXY: 'https://p' }, 'https://r.example/', 'https://p/'],
    [{ HTTPS_PROXY: '' }, 'https://r.example/', undefined],
    [{ HTTP_PROXY: 'http://p:1' }, 'http://localhost:5000/', undefined],
    [{ HTTP_PROXY: 'http://p:1' }, 'http://127.8.9.1/', undefined],
    [{ HTTP_PROXY: 'http://p:1' }, 'http://[::1]:5000/', undefined],
  ])('of %j for %s is %s', (env, url, expected) => {
    expect(of(url, env as Record<string, string>)).toBe(expected);
  });

  it.each([
    ['*', 'r.example', true],
    ['r.example', 'r.example', true],
    ['R.Example', 'r.example', true],
    ['example', 'r.example', true],
    ['.example', 'r.example', true],
    ['*.example', 'r.example', true],
    ['.r.example', 'r.example', false],
    ['xample', 'r.example', false],
    ['other, r.example', 'r.example', true],
    ['r.example:443', 'r.example', true],
    ['r.example:5000', 'r.example', false],
    ['r.example:5000', 'r.example:5000', true],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.0.0.0/8', 'r.example', false],
    ['10.0.0.0/99', '10.1.2.3', false],
    ['10.1.2.3', '10.1.2.3:5000', true],
    ['10.1.2.3:5000', '10.1.2.3:5000', true],
    ['10.1.2.3:5001', '10.1.2.3:5000', false],
    ['fd00::/8', '[fd00::1]:5000', true],
    ['fd00::1', '[fd00::1]', true],
    ['[fd00::1]:443', '[fd00::1]', true],
    ['', 'r.example', false],
  ])('is exempted by NO_PROXY=%s for %s: %s', (list, host, exempt) => {
    const env = { HTTPS_PROXY: 'http://p:1', NO_PROXY: list };
    expect(of(`https://${host}/`, env) === undefined).toBe(exempt);
    expect(of(`https://${host}/`, { https_proxy: 'http://p:1', no_proxy: list })).toBe(
      exempt ? undefined : 'http://p:1/',
    );
  });

  it.each(['socks5://p:1', 'http://', 'http://u:%zz@p', '::::'])('can’t be %s', (proxy) => {
    expect(() => of('https://r.example/', { HTTPS_PROXY: proxy })).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'PROXY_INVALID' }),
    );
  });
});

describe('the addresses of a registry', () => {
  const of = (name: string, insecure = false, trusted = false): string[] =>
    addressesOf(name, insecure, trusted).map(({ href }) => href);

  it.each([
    ['docker.io', ['https://registry-1.docker.io/']],
    ['r.example', ['https://r.example/']],
    ['r.example:80', ['https://r.example:80/']],
    ['localhost', ['http://localhost/', 'https://localhost/']],
    ['localhost:5000', ['http://localhost:5000/', 'https://localhost:5000/']],
    ['127.0.0.2:443', ['https://127.0.0.2/', 'http://127.0.0.2:443/']],
    ['[::1]:5000', ['http://[::1]:5000/', 'https://[::1]:5000/']],
  ])('%s are %j', (name, expected) => {
    expect(of(name)).toEqual(expected);
    expect(of(name, false, true)).toEqual(expected.filter((url) => url.startsWith('https')));
  });

  it('include plain HTTP when it may be insecure', () => {
    expect(of('r.example', true)).toEqual(['https://r.example/', 'http://r.example/']);
    expect(of('r.example:80', true)).toEqual(['http://r.example/', 'https://r.example:80/']);
  });

  it.each(['localhost', 'a.localhost', 'LOCALHOST', '127.0.0.1', '127.255.0.1', '::1', '[::1]'])(
    'are on this machine: %s',
    (host) => expect(isLoopback(host)).toBe(true),
  );
  it.each(['localhost.example', '128.0.0.1', '::2', 'example', '127.example'])(
    'are elsewhere: %s',
    (host) => expect(isLoopback(host)).toBe(false),
  );
});

describe('on the way to a registry', () => {
  const certificate = certificateFor(['r.example']);
  let home: string;
  let cache: BlobCache;
  let registry: FakeRegistry;
  let proxy: Server;
  let settings: RegistrySettings;
  const sockets = new Set<Socket>();
  /** What came to the proxy: `METHOD TARGET`, and its credentials. */
  let asked: { readonly line: string; readonly authorization: string | undefined }[];
  let refuses = 0;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'dockerception-test-'));
    cache = await openBlobCache({ HOME: home });
    asked = [];
    refuses = 0;
    const note = ({ method, url, headers }: IncomingMessage): void =>
      void asked.push({
        line: `${method} ${url}`,
        authorization: headers['proxy-authorization'],
      });
    // Every name leads to the one registry there is.
    proxy = createServer((request, response) => {
      note(request);
      const { pathname, search } = new URL(request.url ?? '');
      const forwarded = httpRequest(
        { port: registry.port, path: `${pathname}${search}`, headers: request.headers },
        (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 0, answer.headers)),
      );
      request.pipe(forwarded.on('error', () => response.destroy()));
    });
    proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
      note(request);
      socket.on('error', () => {});
      if (refuses) {
        socket.end(`HTTP/1.1 ${refuses} No\r\n\r\n`);
        return;
      }
      const upstream = connect(registry.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
    });
    proxy.on('connection', (socket: Socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const address = `http://user:p%40ss@127.0.0.1:${port}`;
    settings = {
      env: { HOME: home, DOCKER_CONFIG: home, HTTP_PROXY: address, HTTPS_PROXY: address },
      signal: new AbortController().signal,
      timing: quick,
    };
  });
  afterEach(async () => {
    await cache.close();
    await registry.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => proxy.close(resolve));
    await rm(home, { recursive: true, force: true });
  });

  const trust = async (host: string, files: Record<string, string>): Promise<void> => {
    const folder = join(home, '.config', 'docker', 'certs.d', host);
    await mkdir(folder, { recursive: true });
    for (const [name, content] of Object.entries(files))
      await writeFile(join(folder, name), content);
  };
  const pull = async (
    name = 'r.example/app:1',
    more: Partial<RegistrySettings> = {},
  ): Promise<string> => {
    addImage(registry, 'app', '1');
    const platform = { os: 'linux', architecture: 'amd64' };
    const all = { ...settings, ...more };
    const image = await pullFromRegistry(parseReference(name), platform, all, cache);
    return text(await image.blobs.open(image.layers[0]!));
  };
  const credentials = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;

  it('a proxy opens a tunnel for TLS, and is the only one to see its credentials', async () => {
    registry = await fakeRegistry(undefined, certificate);
    await trust('r.example', { 'ca.crt': certificate.cert });
    expect(await pull()).toBe('the only layer');
    expect(asked).toEqual([{ line: 'CONNECT r.example:443', authorization: credentials }]);
    expect(registry.seen.some(({ headers }) => 'proxy-authorization' in headers)).toBe(false);
  });

  it('a proxy forwards plain HTTP', async () => {
    registry = await fakeRegistry();
    expect(await pull('r.example:80/app:1', { insecure: ['r.example:80'] })).toBe('the only layer');
    expect(asked[0]).toEqual({ line: 'GET http://r.example/v2/', authorization: credentials });
    expect(registry.seen[0]?.headers.host).toBe('r.example');
  });

  it.each([
    [407, /through the proxy 127.0.0.1:\d+: it wants other credentials/],
    [403, /through the proxy 127.0.0.1:\d+: 403 No/],
  ])('a proxy that refuses with %d is named', async (status, why) => {
    registry = await fakeRegistry();
    refuses = status;
    const error = await failure(pull());
    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(String(error)).toMatch(why);
    expect(String(error)).not.toContain('p@ss');
    expect(asked).toHaveLength(1);
  });

  it('a proxy that isn’t there is named', async () => {
    registry = await fakeRegistry();
    const env = { ...settings.env, HTTPS_PROXY: 'http://127.0.0.1:1' };
    expect(String(await failure(pull('r.example/app', { env })))).toContain(
      'reaching r.example through the proxy 127.0.0.1:1: connection refused',
    );
  });

  it('a certificate that is not trusted is refused, with a hint', async () => {
    registry = await fakeRegistry(undefined, certificate);
    const error = await failure(pull());
    expect(error).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      hint: expect.stringContaining('/etc/docker/certs.d/r.example/ca.crt') as string,
    });
    expect(String(error)).toContain('reaching r.example: its certificate is not trusted');
  });

  it('a certificate for another host is refused', async () => {
    registry = await fakeRegistry(undefined, certificate);
    await trust('other.example', { 'ca.crt': certificate.cert });
    expect(String(await failure(pull('other.example/app:1')))).toContain('not trusted');
  });

  it('a certificate that is not trusted will do when it may be insecure', async () => {
    registry = await fakeRegistry(undefined, certificate);
    expect(await pull('r.example/app:1', { insecure: ['r.example'] })).toBe('the only layer');
  });

  it('plain HTTP where TLS was expected is refused, with a hint', async () => {
    registry = await fakeRegistry();
    const error = await failure(pull());
    expect(error).toMatchObject({ hint: '`insecure: r.example` allows plain HTTP' });
    expect(String(error)).toContain('reaching r.example: it doesn’t speak TLS');
  });

  it('plain HTTP will do when it may be insecure', async () => {
    registry = await fakeRegistry();
    expect(await pull('r.example/app:1', { insecure: ['r.example'] })).toBe('the only layer');
  });

  it('a registry on this machine may speak TLS as well', async () => {
    registry = await fakeRegistry(undefined, certificate);
    expect(await pull(`${registry.address}/app:1`)).toBe('the only layer');
    expect(asked).toEqual([]);
  });

  it('a client’s certificate is shown to the registry that it is for', async () => {
    const client = certificateFor(['client']);
    registry = await fakeRegistry(undefined, {
      ...certificate,
      requestCert: true,
      ca: client.cert,
    });
    await trust('r.example', { 'ca.crt': certificate.cert });
    expect(await failure(pull())).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    await trust('r.example', { 'client.cert': client.cert, 'client.key': client.key });
    const { signal } = new AbortController();
    expect(await pull('r.example/app:1', { signal })).toBe('the only layer');
  });

  it('a client’s certificate without its key is an error', async () => {
    registry = await fakeRegistry();
    await trust('r.example', { 'client.cert': 'x' });
    expect(await failure(pull())).toMatchObject({ kind: 'usage', code: 'CERTIFICATE_INVALID' });
  });
});
