/**
 * A registry inside the test: as much of the distribution-spec as is needed, and a hook to do wrong
 * what a real one can't be brought to.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'vitest';
import type { ImageConfig } from '../../../src/image/config.js';
import type { Descriptor, Platform } from '../../../src/image/descriptor.js';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../../src/image/descriptor.js';
import type { AssembledImage, Manifest, PlatformImage } from '../../../src/image/manifest.js';

export const sha256 = (bytes: Buffer | string): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A request that came, without its body. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

/** Answers a request instead of the registry, when it returns true. */
export type Hook = (
  request: IncomingMessage,
  response: ServerResponse,
  seen: Seen,
) => boolean | Promise<boolean>;

export interface FakeRegistry {
  /** `127.0.0.1:PORT` */
  readonly address: string;
  readonly port: number;
  readonly seen: Seen[];
  /** `REPOSITORY DIGEST` to bytes. */
  readonly blobs: Map<string, Buffer>;
  /** `REPOSITORY REFERENCE` to bytes and media type. */
  readonly manifests: Map<string, { readonly bytes: Buffer; readonly type: string }>;
  hook: Hook | undefined;
  /** The requests, as `METHOD PATH`. */
  lines(): string[];
  close(): Promise<void>;
}

export async function fakeRegistry(
  hook?: Hook,
  tls?: { cert: string; key: string; ca?: string; requestCert?: boolean },
): Promise<FakeRegistry> {
  const seen: Seen[] = [];
  const blobs: FakeRegistry['blobs'] = new Map();
  const manifests: FakeRegistry['manifests'] = new Map();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    const one = { method, url, headers, authorization: headers.authorization };
    seen.push(one);
    if (await fake.hook?.(request, response, one)) return;
    await serve(request, response, fake);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // A client that goes away is what many tests are about.
    response.on('error', () => {});
    handle(request, response).catch(() => response.destroy());
  };
  const server = tls
    ? createSecureServer({ ...tls, rejectUnauthorized: tls.requestCert ?? false }, listener)
    : createServer(listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const fake: FakeRegistry = {
    address: `127.0.0.1:${port}`,
    port,
    seen,
    blobs,
    manifests,
    hook,
    lines: () => seen.map(({ method, url }) => `${method} ${url}`),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => void server.close(() => resolve()));
    },
  };
  return fake;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { blobs, manifests }: FakeRegistry,
): Promise<void> {
  const { method = '' } = request;
  const url = new URL(request.url ?? '', 'http://fake');
  const [, repository = '', kind, rest = ''] =
    /^\/v2\/(.+)\/(blobs|manifests)\/(.+)$/.exec(url.pathname) ?? [];
  const end = (status: number, headers: Record<string, string> = {}, body?: Buffer): void => {
    response.writeHead(status, { ...headers, 'Content-Length': String(body?.length ?? 0) });
    response.end(method === 'HEAD' ? undefined : body);
  };
  const missing = (code: string): void =>
    end(404, {}, Buffer.from(JSON.stringify({ errors: [{ code, message: 'not known' }] })));
  if (url.pathname === '/v2/') return end(200);
  if (kind === 'manifests' && method === 'PUT') {
    const bytes = await buffer(request);
    const entry = { bytes, type: request.headers['content-type'] ?? '' };
    manifests.set(`${repository} ${rest}`, entry);
    manifests.set(`${repository} ${sha256(bytes)}`, entry);
    return end(201, { 'Docker-Content-Digest': sha256(bytes) });
  }
  if (kind === 'manifests') {
    const found = manifests.get(`${repository} ${rest}`);
    if (!found) return missing('MANIFEST_UNKNOWN');
    const headers = { 'Content-Type': found.type, 'Docker-Content-Digest': sha256(found.bytes) };
    return end(200, headers, found.bytes);
  }
  if (rest.startsWith('uploads/') && method === 'POST') {
    const mount = url.searchParams.get('mount');
    const known = mount && blobs.get(`${url.searchParams.get('from')} ${mount}`);
    if (mount && known) {
      blobs.set(`${repository} ${mount}`, known);
      return end(201, { Location: `/v2/${repository}/blobs/${mount}` });
    }
    return end(202, { Location: `/v2/${repository}/blobs/uploads/1?state=a%2Fb%3D` });
  }
  if (rest.startsWith('uploads/') && method === 'PUT') {
    const bytes = await buffer(request);
    const digest = url.searchParams.get('digest') ?? '';
    if (sha256(bytes) !== digest || url.searchParams.get('state') !== 'a/b=') return end(400);
    blobs.set(`${repository} ${digest}`, bytes);
    return end(201);
  }
  const blob = blobs.get(`${repository} ${rest}`);
  if (!blob) return missing('BLOB_UNKNOWN');
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? NaN);
  if (Number.isNaN(from)) return end(200, {}, blob);
  const range = `bytes ${from}-${blob.length - 1}/${blob.length}`;
  return end(206, { 'Content-Range': range }, blob.subarray(from));
}

/** Puts an image into a repository; returns its parts. */
export function addImage(
  fake: Pick<FakeRegistry, 'blobs' | 'manifests'>,
  repository: string,
  tag: string,
  layers: readonly Buffer[] = [Buffer.from('the only layer')],
  types: { manifest?: string; config?: string; layer?: string } = {},
): { manifest: Manifest; bytes: Buffer; digest: string; config: ImageConfig } {
  const config = configOf(layers);
  const json = Buffer.from(JSON.stringify(config));
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: types.manifest ?? OCI_MANIFEST,
    config: descriptorOf(json, types.config ?? OCI_CONFIG),
    layers: layers.map((layer) => descriptorOf(layer, types.layer ?? OCI_LAYER)),
  };
  for (const blob of [json, ...layers]) fake.blobs.set(`${repository} ${sha256(blob)}`, blob);
  const bytes = Buffer.from(JSON.stringify(manifest));
  const entry = { bytes, type: manifest.mediaType };
  fake.manifests.set(`${repository} ${tag}`, entry);
  fake.manifests.set(`${repository} ${sha256(bytes)}`, entry);
  return { manifest, bytes, digest: sha256(bytes), config };
}

const configOf = (layers: readonly Buffer[], architecture = 'amd64'): ImageConfig => ({
  architecture,
  os: 'linux',
  config: {},
  rootfs: { type: 'layers', diff_ids: layers.map(sha256) },
});

export const descriptorOf = (bytes: Buffer, mediaType: string): Descriptor => ({
  mediaType,
  digest: sha256(bytes),
  size: bytes.length,
});

/** An image with these layers for each of these architectures, as a build would have made it. */
export function assemble(
  layers: readonly Buffer[],
  architectures: readonly string[] = ['amd64'],
  origins: PlatformImage['origins'] = new Map(),
): AssembledImage & { readonly bytes: Map<string, Buffer>; readonly opened: string[] } {
  const bytes = new Map<string, Buffer>();
  const opened: string[] = [];
  const keep = (blob: Buffer, mediaType: string): Descriptor => {
    bytes.set(sha256(blob), blob);
    return descriptorOf(blob, mediaType);
  };
  const images = architectures.map((architecture): PlatformImage => {
    const config = configOf(layers, architecture);
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: keep(Buffer.from(JSON.stringify(config)), OCI_CONFIG),
      layers: layers.map((layer) => keep(layer, OCI_LAYER)),
    };
    const platform: Platform = { os: 'linux', architecture };
    const descriptor = keep(Buffer.from(JSON.stringify(manifest)), OCI_MANIFEST);
    return { descriptor: { ...descriptor, platform }, manifest, origins };
  });
  const [first] = images;
  const index = {
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: images.map(({ descriptor }) => descriptor),
  };
  return {
    descriptor:
      images.length === 1 && first
        ? first.descriptor
        : keep(Buffer.from(JSON.stringify(index)), OCI_INDEX),
    images,
    bytes,
    opened,
    blobs: {
      open: async ({ digest }) => {
        opened.push(digest);
        const blob = bytes.get(digest);
        if (!blob) throw new Error(`no blob ${digest}`);
        return Readable.from(slices(blob), { objectMode: false });
      },
    },
  };
}

function* slices(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1 << 16) yield bytes.subarray(at, at + (1 << 16));
}

/** Patience for tests. */
export const quick = { silence: 400, delay: 5, longest: 500, tries: 5 };

/** The reason of a promise that has to be rejected. */
export function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it succeeded'),
    (error: unknown) => error,
  );
}

/** Cuts a connection in the middle of a body. */
export function cut(response: ServerResponse, length: number, part: Buffer): boolean {
  response.writeHead(200, { 'Content-Length': String(length) });
  response.write(part, () => setTimeout(() => response.destroy(), 10));
  return true;
}
